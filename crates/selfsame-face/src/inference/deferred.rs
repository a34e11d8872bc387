//! A model that is prepared when it is first run.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::{Inference, InferenceError, heap};

type Prepare = Box<dyn FnOnce() -> Result<Box<dyn Inference>, InferenceError> + Send>;

/// Prepares its model once, whichever thread comes first; the others wait for it.
pub(crate) struct Deferred {
    prepare: Mutex<Option<Prepare>>,
    ready: OnceLock<Result<Box<dyn Inference>, InferenceError>>,
}

impl Deferred {
    pub(crate) fn new(
        prepare: impl FnOnce() -> Result<Box<dyn Inference>, InferenceError> + Send + 'static,
    ) -> Self {
        Self {
            prepare: Mutex::new(Some(Box::new(prepare))),
            ready: OnceLock::new(),
        }
    }
}

impl Inference for Deferred {
    fn run(
        &self,
        fill: &mut dyn FnMut(&mut [f32]),
        read: &mut dyn FnMut(&[&[f32]]),
    ) -> Result<(), InferenceError> {
        let ready = self.ready.get_or_init(|| {
            let mut prepare = self.prepare.lock().unwrap_or_else(PoisonError::into_inner);
            // Gone only where preparing it panicked before.
            let prepare = prepare
                .take()
                .ok_or_else(|| InferenceError::of_model("it could not be prepared"))?;
            let ready = prepare();
            heap::trim();
            ready
        });
        match ready {
            Ok(model) => model.run(fill, read),
            Err(error) => Err(error.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Nothing;

    impl Inference for Nothing {
        fn run(
            &self,
            _: &mut dyn FnMut(&mut [f32]),
            read: &mut dyn FnMut(&[&[f32]]),
        ) -> Result<(), InferenceError> {
            read(&[]);
            Ok(())
        }
    }

    #[test]
    fn it_is_prepared_once_and_not_before_it_is_run() {
        let prepared = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&prepared);
        let model = Deferred::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok(Box::new(Nothing))
        });
        assert_eq!(prepared.load(Ordering::Relaxed), 0);
        let run = AtomicUsize::new(0);
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    model.run(&mut |_| (), &mut |_| {
                        run.fetch_add(1, Ordering::Relaxed);
                    })
                });
            }
        });
        assert_eq!(run.load(Ordering::Relaxed), 4);
        assert_eq!(prepared.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_cannot_be_prepared_says_so_each_time() {
        let error = InferenceError::of_model("no");
        let told = error.clone();
        let model = Deferred::new(move || Err(told));
        for _ in 0..2 {
            assert_eq!(model.run(&mut |_| (), &mut |_| ()), Err(error.clone()));
        }
    }
}
