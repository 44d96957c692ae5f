//! `ims secret rotate`: a new client secret in the place of the old one, without a moment in which IMS accepts none.

mod arguments;
mod finish;
mod hand_over;
mod rotation;

pub(crate) use arguments::Arguments;

use crate::{commands::block_on, failure::Failure, output::Answer};

use rotation::Rotation;

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let mut rotation = Rotation::open(arguments)?;
    if arguments.finish {
        block_on(rotation.finish())?;
    } else {
        block_on(rotation.run())?;
    }
    Ok(Answer::Yes)
}
