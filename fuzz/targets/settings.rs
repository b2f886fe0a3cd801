//! Reading a settings file.

#![no_main]

use std::path::Path;

use zhengku::config::Config;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = Config::read(text, Path::new("/etc/zhengku"), Path::new("/opt/zhengku"));
});
