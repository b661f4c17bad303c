//! [`Parse`]: PDFs as Markdown, without storing anything.

use std::path::Path;

use edgequake_types::ParseJobId;
use edgequake_types::parse::{GetParseBackends, GetParseJob, ParsePdf};

use super::resource;
use crate::call::{Call, FileUpload};

resource! {
    /// PDFs as Markdown, without storing anything: `/api/v1/parse`; newer servers only.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::parse::ParseAnswer;
    ///
    /// match client.parse().file("bridge.pdf").await? {
    ///     ParseAnswer::Parsed(result) => println!("{}", result.markdown),
    ///     ParseAnswer::Accepted(job) => println!("{}", client.parse().job(job.job_id).await?.status),
    ///     _ => {}
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Parse, parse
}

impl Parse<'_> {
    /// `POST /api/v1/parse`: makes Markdown of a PDF that is in memory, at once or as a job.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::parse::ParsePdf;
    ///
    /// let answer = client.parse().pdf(ParsePdf::from_bytes("bridge.pdf", "%PDF-1.7").pages("1-3")).await?;
    /// println!("{:?}", answer.result().map(|result| result.page_count));
    /// # Ok(())
    /// # }
    /// ```
    pub fn pdf(&self, parse: ParsePdf) -> Call<ParsePdf> {
        self.client.send(parse)
    }

    /// `POST /api/v1/parse`: makes Markdown of a PDF on disk, without ever holding the file in memory.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let parse = client.parse().file("bridge.pdf").configure(|parse| parse.run_async(true));
    /// println!("{:?}", parse.await?.job().map(|job| &job.job_id));
    /// # Ok(())
    /// # }
    /// ```
    pub fn file(&self, path: impl AsRef<Path>) -> FileUpload<ParsePdf> {
        FileUpload::new(self.client.dispatcher(), path.as_ref())
    }

    /// `GET /api/v1/parse/jobs/{job_id}`: a parse job.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{}", client.parse().job("j-1").await?.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn job(&self, job: impl Into<ParseJobId>) -> Call<GetParseJob> {
        self.client.send(GetParseJob::new(job))
    }

    /// `GET /api/v1/parse/backends`: what can read PDFs, and the limits.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{:?}", client.parse().backends().await?.limits.sync_max_pages);
    /// # Ok(())
    /// # }
    /// ```
    pub fn backends(&self) -> Call<GetParseBackends> {
        self.client.send(GetParseBackends::new())
    }
}
