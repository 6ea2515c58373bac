//! Take over: turns the state of another type of resource into one of this type, for a `moved` block.

use crate::diagnostics::Diagnostics;
use crate::operations::answer::StateAnswer;
use crate::operations::identity;
use crate::operations::import::importable;
use crate::resource::MoveSource;
use crate::resource::erased::DynResource;

/// Takes over a state. The core reads the object next, so what is not known yet can be left open.
pub(crate) async fn move_state<C>(
    resource: &dyn DynResource<C>,
    source: &MoveSource<'_>,
) -> Result<StateAnswer, Diagnostics> {
    let (state, private) = resource.move_state(source)?;
    let state = importable(resource.schema(), state)?;
    Ok(StateAnswer {
        identity: identity::of(resource, &state).await?,
        state,
        private,
        ..StateAnswer::default()
    })
}
