//! Errors in one line, for people and logs.

use alloc::string::{String, ToString};
use core::{error::Error, fmt};

/// An error and all its sources, in one line, each text only once.
///
/// ```
/// use ims_claims::ErrorLine;
///
/// let error = "many".parse::<u8>().unwrap_err();
/// assert_eq!(ErrorLine(&error).to_string(), "invalid digit found in string");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ErrorLine<'a>(pub &'a dyn Error);

impl fmt::Display for ErrorLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line: String = self.0.to_string();
        let mut behind = self.0.source();
        while let Some(cause) = behind {
            let text = cause.to_string();
            // Many errors already end with the text of their source.
            if !line.ends_with(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            behind = cause.source();
        }
        f.write_str(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::boxed::Box;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|layer| layer as &(dyn Error + 'static))
        }
    }

    #[test]
    fn each_part_is_said_once_and_in_the_order_of_the_layers() {
        #[rustfmt::skip]
        let table: [(&[&str], &str); 4] = [
            (&["a"],                "a"),
            (&["a", "b", "c"],      "a: b: c"),
            (&["a: b", "b", "c"],   "a: b: c"),
            (&["a", "b: c", "c"],   "a: b: c"),
        ];
        for (texts, line) in table {
            let mut error = None;
            for text in texts.iter().rev() {
                error = Some(Box::new(Layer(text, error)));
            }
            assert_eq!(ErrorLine(&*error.unwrap()).to_string(), line);
        }
    }
}
