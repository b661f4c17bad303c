//! The streamed answer to a question, read whole: its text, or everything that the same question gives without a stream.

use edgequake_types::query::{QueryAnswer, QueryEvent};

use super::events::EventStream;
use crate::error::Error;

impl EventStream<QueryEvent> {
    /// Reads the stream to its end, and gives the text of the answer.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next) gives them; a stream that ends without its final event is one. What came before is lost.
    ///
    /// ```no_run
    /// # async fn example(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let text = client.query().stream("Who wrote it?").await?.text().await?;
    /// # Ok(()) }
    /// ```
    pub async fn text(self) -> Result<String, Error> {
        Ok(self.answer().await?.answer)
    }

    /// Reads the stream to its end, and gives what was streamed as one value. If the server sends the checked text at the end, that is
    /// the answer, and not its pieces. What only an answer without a stream has is empty.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next) gives them; a stream that ends without its final event is one. What came before is lost.
    pub async fn answer(mut self) -> Result<QueryAnswer, Error> {
        let mut whole = QueryAnswer::new(String::new(), None);
        while let Some(event) = self.next().await {
            match event? {
                QueryEvent::Context { sources, query_mode, retrieval_time_ms, subgraph, .. } => {
                    whole.sources = sources;
                    whole.mode = query_mode;
                    whole.subgraph = subgraph;
                    whole.stats.retrieval_time_ms = retrieval_time_ms;
                }
                QueryEvent::Token { content, .. } => whole.answer.push_str(&content),
                QueryEvent::Done { stats, llm_provider, llm_model, answer, .. } => {
                    let searched = whole.stats.retrieval_time_ms;
                    whole.stats = stats.map(|stats| *stats).unwrap_or_default();
                    whole.stats.retrieval_time_ms = whole.stats.retrieval_time_ms.or(searched);
                    whole.stats.llm_provider = whole.stats.llm_provider.or(llm_provider);
                    whole.stats.llm_model = whole.stats.llm_model.or(llm_model);
                    whole.mode = whole.mode.or_else(|| whole.stats.query_mode.clone());
                    whole.answer = answer.unwrap_or(whole.answer);
                }
                // An error never comes as an event, thoughts are no part of the answer, and nobody knows what the others mean.
                _ => {}
            }
        }
        Ok(whole)
    }
}
