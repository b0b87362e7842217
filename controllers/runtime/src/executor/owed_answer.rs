//! The promise that every request is answered once.

use mainstay_engine::Input;
use tokio::sync::mpsc;

/// An answer that the brain waits for. Dropped unpaid, as when a task panics or is cancelled, it pays what was agreed on before.
pub(super) struct OwedAnswer {
    answers: mpsc::UnboundedSender<Input>,
    otherwise: Option<Input>,
}

impl OwedAnswer {
    pub(super) fn new(answers: mpsc::UnboundedSender<Input>, otherwise: Input) -> OwedAnswer {
        OwedAnswer { answers, otherwise: Some(otherwise) }
    }

    /// Answers. Where the brain is gone, nobody waits any more.
    pub(super) fn pay(mut self, answer: Input) {
        self.otherwise = Some(answer);
    }
}

impl Drop for OwedAnswer {
    fn drop(&mut self) {
        if let Some(answer) = self.otherwise.take() {
            // Only fails when the brain is gone.
            let _ = self.answers.send(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_or_is_cancelled_answers() {
        let (answers, mut received) = mpsc::unbounded_channel();
        let owed = OwedAnswer::new(answers.clone(), Input::Stop);
        let panicking = tokio::spawn(async move {
            let _owed = owed;
            panic!("for the test");
        });
        assert!(panicking.await.is_err());
        assert!(matches!(received.recv().await, Some(Input::Stop)));

        let owed = OwedAnswer::new(answers.clone(), Input::Stop);
        let hanging = tokio::spawn(async move {
            let _owed = owed;
            std::future::pending::<()>().await;
        });
        hanging.abort();
        assert!(matches!(received.recv().await, Some(Input::Stop)));

        OwedAnswer::new(answers, Input::Stop).pay(Input::Tick);
        assert!(matches!(received.recv().await, Some(Input::Tick)));
        assert!(received.recv().await.is_none(), "paid twice");
    }
}
