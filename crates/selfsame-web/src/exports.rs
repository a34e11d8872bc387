//! The functions that the page calls. Exporting a name is all that is unsafe here.
#![allow(unsafe_code)]

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::session::Session;

// A page's worker has one thread: the lock is never waited for.
static SESSION: Mutex<Session> = Mutex::new(Session::new());

fn session() -> MutexGuard<'static, Session> {
    SESSION.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where to write `len` bytes; null where that is more than a picture needs.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn input(len: usize) -> *mut u8 {
    session()
        .input(len)
        .map_or(std::ptr::null_mut(), <[u8]>::as_mut_ptr)
}

/// Loads the model that was written, to look at pictures of `side` by `side` pixels: 1, or 0 with an [`error`].
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn load(side: usize) -> u32 {
    session().load(side).into()
}

/// Finds faces in the picture that was written: their count, or −1 with an [`error`].
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn look(width: u32, height: u32) -> i32 {
    session()
        .look(width, height)
        .and_then(|count| i32::try_from(count).ok())
        .unwrap_or(-1)
}

/// The numbers of the faces.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn output() -> *const f32 {
    session().output().as_ptr()
}

/// How many numbers there are.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn output_len() -> usize {
    session().output().len()
}

/// What went wrong: UTF-8.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn error() -> *const u8 {
    session().error().as_ptr()
}

/// Its length in bytes.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn error_len() -> usize {
    session().error().len()
}
