//! What the server and the client share: the generated code, and the options in the manner of pintle_load.

pub mod echo {
    tonic::include_proto!("pintle.bench.v1");
}

/// `--name value` pairs of the command line.
pub struct Options(std::collections::HashMap<String, String>);

impl Options {
    /// Ends the process with status 2 and `usage` where an option is not one of `known`, or lacks its value.
    pub fn parse(known: &[&str], usage: &str) -> Options {
        let mut given = std::collections::HashMap::new();
        let mut words = std::env::args().skip(1);
        while let Some(name) = words.next() {
            match (known.contains(&name.as_str()), words.next()) {
                (true, Some(value)) => given.insert(name, value),
                _ => fail(usage),
            };
        }
        if !given.contains_key("--port") {
            fail(usage);
        }
        Options(given)
    }

    pub fn number<T: std::str::FromStr>(&self, name: &str, default: T) -> T {
        match self.0.get(name) {
            None => default,
            Some(text) => text.parse().unwrap_or_else(|_| fail(&format!("{name} {text}: not a number"))),
        }
    }
}

fn fail(line: &str) -> ! {
    eprintln!("{line}");
    std::process::exit(2)
}
