//! Changed inputs, the same ones for the same seed.

use fastrand::Rng;

/// The longest input that is made: longer than every limit that should be tested often.
const MAX_LENGTH: usize = 80 * 1024;

/// Bytes that mean something to one of the readers, and numbers at the edges of their types.
const TOKENS: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"=",
    b"'",
    b"#",
    b"%",
    b"\n",
    b"\r\n",
    b".",
    b"..",
    b"/",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\\n",
    b"\\u0000",
    b"\\ud83d",
    b"%00",
    b"${",
    b"|",
    b"- ",
    b"&a",
    b"*a",
    b"-----BEGIN ",
    b"-----END ",
    b"-----",
    b"null",
    b"true",
    b"1e999",
    b"-1",
    b"0",
    b"18446744073709551616",
    b"9223372036854775807",
    b"\x30\x80",
    b"\x30\x84\xff\xff\xff\xff",
    b"\xa0\x03\x02\x01\x02",
    b"\x05\x00",
    b"\x02\x01\x00",
    b"\x06\x03\x55\x04\x03",
    b"crit",
    b"jku",
    b"created_at",
    b"expires_in",
    b"access_token",
    b"\xe2\x80\xae",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: ",
    b"client_id",
    b"client_secret",
];

/// Makes inputs of a corpus.
#[derive(Debug, Clone)]
pub struct Mutator {
    corpus: Vec<Vec<u8>>,
    seed: u64,
}

impl Mutator {
    /// A mutator of `corpus`; of the empty input if there is none.
    #[must_use]
    pub fn new(mut corpus: Vec<Vec<u8>>, seed: u64) -> Self {
        if corpus.is_empty() {
            corpus.push(Vec::new());
        }
        Self { corpus, seed }
    }

    /// The input with this number: the corpus itself, and then changes of it.
    #[must_use]
    pub fn input(&self, number: u64) -> Vec<u8> {
        let own = usize::try_from(number).ok().and_then(|number| self.corpus.get(number));
        if let Some(input) = own {
            return input.clone();
        }
        // Each input has its own generator, so that one of them can be made again without the others.
        let mut random = Rng::with_seed(self.seed.rotate_left(32) ^ number);
        let mut input = self.pick(&mut random).to_vec();
        for _ in 0..1 << random.u32(0..4) {
            self.change(&mut input, &mut random);
        }
        input.truncate(MAX_LENGTH);
        input
    }

    fn pick(&self, random: &mut Rng) -> &[u8] {
        &self.corpus[random.usize(..self.corpus.len())]
    }

    fn change(&self, input: &mut Vec<u8>, random: &mut Rng) {
        let at = random.usize(..=input.len());
        let end = at + random.usize(..=(input.len() - at).min(64));
        match random.u8(0..9) {
            0 if at < input.len() => input[at] ^= 1 << random.u8(0..8),
            1 if at < input.len() => input[at] = random.u8(..),
            2 if at < input.len() => {
                input[at] = input[at].wrapping_add(random.u8(0..3)).wrapping_sub(1);
            }
            3 => drop(input.drain(at..end)),
            4 => {
                let copied = input[at..end].to_vec();
                let to = random.usize(..=input.len());
                drop(input.splice(to..to, copied));
            }
            5 => {
                let other = self.pick(random);
                let from = random.usize(..=other.len());
                let to = from + random.usize(..=(other.len() - from).min(256));
                drop(input.splice(at..end, other[from..to].iter().copied()));
            }
            6 => {
                let token = TOKENS[random.usize(..TOKENS.len())];
                drop(input.splice(at..at, token.iter().copied()));
            }
            7 if random.u8(..) < 16 => {
                let copied = input[at..end].repeat(random.usize(1..64));
                drop(input.splice(at..at, copied));
            }
            8 if random.u8(..) < 32 => input.truncate(at),
            _ => drop(input.splice(at..end, [random.u8(..)])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_inputs_and_another_seed_others() {
        let corpus = vec![b"{\"a\":1}".to_vec(), b"-----BEGIN A-----".to_vec()];
        let [one, same] = [(); 2].map(|()| Mutator::new(corpus.clone(), 7));
        let other = Mutator::new(corpus, 8);
        let all =
            |mutator: &Mutator| (0..200).map(|number| mutator.input(number)).collect::<Vec<_>>();
        assert_eq!(all(&one), all(&same));
        assert_ne!(all(&one), all(&other));
    }

    #[test]
    fn the_corpus_comes_first_and_most_inputs_differ_from_it() {
        let corpus = vec![vec![b'a'; 100], vec![b'b'; 100]];
        let mutator = Mutator::new(corpus.clone(), 1);
        assert_eq!([mutator.input(0), mutator.input(1)], [corpus[0].clone(), corpus[1].clone()]);
        let changed = (2..202).filter(|number| !corpus.contains(&mutator.input(*number))).count();
        assert!(changed > 180, "{changed}");
    }
}
