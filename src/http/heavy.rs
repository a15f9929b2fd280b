//! Where parsing, merging and materialising run: off the async workers, a few at once.
//!
//! Each holds several times its text in memory and one core; more at once would only be slower together.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::problem::{Kind, Problem};
use crate::limits;

/// The places for heavy work.
#[derive(Debug, Clone)]
pub struct Heavy {
    places: Arc<Semaphore>,
}

impl Default for Heavy {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(limits::HEAVY_JOBS)) }
    }
}

impl Heavy {
    /// Runs `work` on a blocking thread when a place is free.
    ///
    /// # Errors
    /// `Internal` when it panicked: the panic stays in this request.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|error| Problem::new(Kind::Unavailable).because(error))?;
        // The place goes with the work: a caller that gives up does not make room for another.
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await.map_err(|error| Problem::new(Kind::Internal).because(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_of_the_work_is_a_problem_and_frees_its_place() {
        let heavy = Heavy::default();
        for _ in 0..limits::HEAVY_JOBS * 2 {
            let problem = heavy.run(|| panic!("boom")).await.map(|(): ()| ()).unwrap_err();
            assert_eq!(problem.kind(), Kind::Internal);
        }
        assert_eq!(heavy.run(|| 7).await.unwrap(), 7);
    }
}
