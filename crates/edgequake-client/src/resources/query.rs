//! [`Query`]: questions.

use edgequake_types::query::{Query as Question, StreamQuery};

use super::resource;
use crate::call::Call;

resource! {
    /// Questions to the documents of the workspace: `/api/v1/query`.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::query::{Query, QueryEvent, StreamQuery};
    ///
    /// let answer = client.query().execute(Query::new("When was the bridge built?")).await?;
    /// println!("{} ({} sources)", answer.answer, answer.sources.len());
    ///
    /// let mut events = client.query().stream(StreamQuery::new("Who built it?")).await?;
    /// while let Some(event) = events.next().await {
    ///     match event? {
    ///         QueryEvent::Token { content, .. } => print!("{content}"),
    ///         QueryEvent::Done { stats, .. } => println!("\n{stats:?}"),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Query, query
}

impl Query<'_> {
    /// `POST /api/v1/query`: asks, and waits for the whole answer.
    #[doc(alias = "ask")]
    #[doc(alias = "search")]
    pub fn execute(&self, question: impl Into<Question>) -> Call<Question> {
        self.client.send(question.into())
    }

    /// `POST /api/v1/query/stream`: asks, and gives the answer as it is written. It has no total time limit.
    pub fn stream(&self, question: impl Into<StreamQuery>) -> Call<StreamQuery> {
        self.client.send(question.into())
    }
}
