//! Panics: those that an RPC survives become an error, all others are reported as the crash of a plugin.
//!
//! A core shows "plugin crashed" with whatever follows a stderr line that starts with `panic: `, Go's words for it.
//! [`install_hook`] makes panics write such lines, except for those inside [`catch_panics`], which answers the RPC.
//!
//! A text that was put together at run time may quote a secret, such as a configuration that could not be parsed: it is
//! withheld, here and in logs. Where the panic arose is always told, and what it says if that is part of the program.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::io::Write;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::diagnostics::{Diagnostic, Diagnostics};

/// What a panic said, and where, if the hook is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanicText(String);

impl fmt::Display for PanicText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<PanicText> for Diagnostics {
    fn from(panic: PanicText) -> Self {
        Diagnostic::bug(format!("The provider panicked: {panic}.")).into()
    }
}

/// What the hook learns of a panic that is going to be caught.
struct Caught {
    text: String,
    backtrace: Backtrace,
}

thread_local! {
    /// How many calls of [`catch_panics`] this thread is inside of.
    static CATCHING: Cell<usize> = const { Cell::new(0) };
    /// The panic that unwinds to the innermost of them.
    static CAUGHT: RefCell<Option<Caught>> = const { RefCell::new(None) };
}

/// Makes the process report panics as a core expects it of a plugin.
pub fn install_hook() {
    std::panic::set_hook(Box::new(|info| {
        let text = describe(info);
        let backtrace = Backtrace::force_capture();
        if CATCHING.get() > 0 {
            // Not logged from here: the panic may come out of the logging itself.
            CAUGHT.set(Some(Caught { text, backtrace }));
        } else {
            // One write, so that no log line gets between. If stderr is closed there is nobody to tell.
            let _ = std::io::stderr().write_all(format!("panic: {text}\n\n{backtrace}\n").as_bytes());
        }
    }));
}

/// Runs `future` and turns a panic in it into an error. The panic is logged; tasks that `future` spawns are their own.
///
/// What `future` refers to must not be used after an error, or must not mind a half-done change.
///
/// # Errors
/// The text of the panic.
pub async fn catch_panics<F: Future>(future: F) -> Result<F::Output, PanicText> {
    let mut future = pin!(future);
    let outcome = std::future::poll_fn(|cx| {
        let _mark = Mark::set();
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(payload) => Poll::Ready(Err(payload)),
        }
    })
    .await;
    outcome.map_err(|payload| {
        let (text, backtrace) = match CAUGHT.take() {
            Some(caught) => (caught.text, caught.backtrace.to_string()),
            None => (payload_text(payload.as_ref()).to_owned(), String::new()),
        };
        tracing::error!(panic = text, backtrace, "the provider panicked");
        PanicText(text)
    })
}

/// Counts in [`CATCHING`] for as long as it lives.
struct Mark;

impl Mark {
    fn set() -> Self {
        CATCHING.set(CATCHING.get() + 1);
        // What is still there from before is of a panic that did not get as far as here.
        CAUGHT.set(None);
        Self
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        CATCHING.set(CATCHING.get() - 1);
    }
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let text = payload_text(info.payload());
    match info.location() {
        Some(location) => format!("{text} ({location})"),
        None => text.to_owned(),
    }
}

fn payload_text(payload: &(dyn Any + Send)) -> &'static str {
    match payload.downcast_ref::<&'static str>() {
        Some(text) => text,
        None => "the text is withheld because it may hold values of the configuration",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn panic_after_an_await_becomes_its_text() {
        let result = catch_panics(async {
            tokio::task::yield_now().await;
            if std::hint::black_box(true) {
                panic!("no volume");
            }
            1
        })
        .await;
        assert!(result.unwrap_err().to_string().starts_with("no volume"));
    }

    #[tokio::test]
    async fn a_text_that_may_hold_values_is_withheld() {
        let password = std::hint::black_box("hunter2");
        let text = catch_panics(async { panic!("bad password {password}") }).await;
        let text = text.map(|(): ()| ()).unwrap_err().to_string();
        assert!(text.contains("withheld") && !text.contains("hunter2"), "{text}");
    }

    #[tokio::test]
    async fn value_comes_through() {
        assert_eq!(catch_panics(async { 1 }).await, Ok(1));
    }

    #[tokio::test]
    async fn mark_is_gone_between_polls_and_after_a_panic() {
        let caught = catch_panics(async {
            assert_eq!(CATCHING.get(), 1);
            panic!("seen");
        });
        assert!(caught.await.is_err());
        assert_eq!(CATCHING.get(), 0);
    }
}
