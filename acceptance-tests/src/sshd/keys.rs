//! Keys and certificates, made by `ssh-keygen` as users make theirs.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// A type of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Ed25519.
    Ed25519,
    /// ECDSA on the curve P-256.
    Ecdsa,
    /// RSA with 3072 bits.
    Rsa,
}

/// A pair of keys, perhaps with a certificate.
#[derive(Clone, Debug)]
pub struct Key {
    private: String,
    public: String,
    certificate: Option<String>,
}

impl Key {
    /// Makes a pair, encrypted if there is a passphrase.
    ///
    /// # Errors
    /// If `ssh-keygen` fails.
    pub fn generate(kind: KeyKind, passphrase: Option<&str>) -> Result<Self> {
        let directory = TempDir::new()?;
        let path = directory.path().join("key");
        let kind: &[&str] = match kind {
            KeyKind::Ed25519 => &["-t", "ed25519"],
            KeyKind::Ecdsa => &["-t", "ecdsa", "-b", "256"],
            KeyKind::Rsa => &["-t", "rsa", "-b", "3072"],
        };
        let passphrase = passphrase.unwrap_or_default();
        keygen(
            Command::new("ssh-keygen")
                .args(["-q", "-C", "test", "-N", passphrase])
                .args(kind)
                .arg("-f")
                .arg(&path),
        )?;
        Key::read(&path)
    }

    /// The private key, as in its file.
    pub fn private(&self) -> &str {
        &self.private
    }

    /// The public key, as a line.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The certificate, as a line, if there is one.
    pub fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// The SHA-256 print of the public key.
    ///
    /// # Errors
    /// If `ssh-keygen` fails.
    pub fn print(&self) -> Result<String> {
        let directory = TempDir::new()?;
        let path = directory.path().join("key.pub");
        fs::write(&path, &self.public)?;
        let shown = keygen(Command::new("ssh-keygen").arg("-lf").arg(&path))?;
        Ok(shown.split_whitespace().nth(1).context("there is a print")?.to_owned())
    }

    /// The same key with a certificate by an authority, for some names, made with these further arguments (`-h` for
    /// hosts).
    ///
    /// # Errors
    /// If `ssh-keygen` fails.
    pub fn signed(&self, authority: &Key, names: &str, arguments: &[&str]) -> Result<Self> {
        let directory = TempDir::new()?;
        let (ca, key) = (directory.path().join("ca"), directory.path().join("key"));
        authority.write(&ca)?;
        self.write(&key)?;
        let public = key.with_extension("pub");
        keygen(
            Command::new("ssh-keygen")
                .args(["-q", "-I", "a certificate of the tests", "-n", names])
                .args(arguments)
                .arg("-s")
                .arg(&ca)
                .arg(public),
        )?;
        let certificate = fs::read_to_string(directory.path().join("key-cert.pub"))?;
        Ok(Key {
            certificate: Some(certificate.trim().to_owned()),
            ..self.clone()
        })
    }

    /// Writes the private key to a file, and the public one beside it.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        fs::write(path, &self.private)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        fs::write(path.with_extension("pub"), format!("{}\n", self.public))?;
        Ok(())
    }

    fn read(path: &Path) -> Result<Self> {
        Ok(Key {
            private: fs::read_to_string(path)?,
            public: fs::read_to_string(path.with_extension("pub"))?.trim().to_owned(),
            certificate: None,
        })
    }
}

fn keygen(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .context("ssh-keygen does not run")?;
    if !output.status.success() {
        bail!("ssh-keygen fails: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
