//! The files of a document, its pages, and where it comes from.

use edgequake_types::DocumentId;
use edgequake_types::documents::{
    DownloadAsset, DownloadAssetByPath, DownloadMarkdown, DownloadOriginal, ExportDocumentLineage,
    GetDocumentLineage, GetDocumentMetadata, GetPageLayout, GetPagesHealth, IncludePdfAssets, LineageFormat,
    ListAssets, ListPages, ReprocessPages,
};

use super::Documents;
use crate::call::Call;

impl Documents<'_> {
    /// `GET /api/v1/documents/{document_id}/metadata`: all that the server keeps about a document, as JSON.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let metadata = client.documents().metadata("d-1").await?;
    /// println!("{}", metadata["custom_metadata"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn metadata(&self, document: impl Into<DocumentId>) -> Call<GetDocumentMetadata> {
        self.client.send(GetDocumentMetadata::new(document))
    }

    /// `GET /api/v1/documents/{document_id}/lineage`: where the chunks of a document came from; 404 until processing has ended.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{} chunks", client.documents().lineage("d-1").await?.chunks().len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn lineage(&self, document: impl Into<DocumentId>) -> Call<GetDocumentLineage> {
        self.client.send(GetDocumentLineage::new(document))
    }

    /// `GET /api/v1/documents/{document_id}/lineage/export`: downloads the lineage of a document.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::documents::LineageFormat;
    ///
    /// let mut file = client.documents().export_lineage("d-1", LineageFormat::Csv).await?;
    /// println!("{:?}", file.file_name());
    /// while let Some(piece) = file.next().await {
    ///     print!("{}", String::from_utf8_lossy(&piece?));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn export_lineage(
        &self,
        document: impl Into<DocumentId>,
        format: LineageFormat,
    ) -> Call<ExportDocumentLineage> {
        self.client.send(ExportDocumentLineage::new(document).format(format))
    }

    /// `GET /api/v1/documents/{document_id}/download/original`: downloads the file that was uploaded.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let mut file = client.documents().download("d-1").await?;
    /// println!("{:?}, {:?}, {:?} bytes", file.file_name(), file.content_type(), file.remaining());
    /// while let Some(piece) = file.next().await {
    ///     println!("{} bytes", piece?.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn download(&self, document: impl Into<DocumentId>) -> Call<DownloadOriginal> {
        self.client.send(DownloadOriginal::new(document))
    }

    /// `GET /api/v1/documents/{document_id}/download/markdown`: downloads the text of a document as Markdown.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let mut file = client.documents().download_markdown("d-1").await?;
    /// while let Some(piece) = file.next().await {
    ///     print!("{}", String::from_utf8_lossy(&piece?));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn download_markdown(&self, document: impl Into<DocumentId>) -> Call<DownloadMarkdown> {
        self.client.send(DownloadMarkdown::new(document))
    }

    /// `GET /api/v1/documents/{document_id}/assets`: the assets of a document: pictures of its pages, charts and tables.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// for asset in client.documents().assets("d-1").await?.assets {
    ///     println!("{:?}", asset.asset_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn assets(&self, document: impl Into<DocumentId>) -> Call<ListAssets> {
        self.client.send(ListAssets::new(document))
    }

    /// `GET /api/v1/documents/{document_id}/assets/{asset_id}`: downloads an asset by its id.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let picture = client.documents().asset("d-1", "page-0001-chart").await?;
    /// println!("{:?}", picture.content_type());
    /// # Ok(())
    /// # }
    /// ```
    pub fn asset(&self, document: impl Into<DocumentId>, asset: impl Into<String>) -> Call<DownloadAsset> {
        self.client.send(DownloadAsset::new(document, asset))
    }

    /// `GET /api/v1/documents/{document_id}/mm-assets/{asset_path}`: downloads an asset by its path.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let picture = client.documents().asset_by_path("d-1", "assets/page-0001.png").await?;
    /// println!("{:?}", picture.content_type());
    /// # Ok(())
    /// # }
    /// ```
    pub fn asset_by_path(
        &self,
        document: impl Into<DocumentId>,
        path: impl Into<String>,
    ) -> Call<DownloadAssetByPath> {
        self.client.send(DownloadAssetByPath::new(document, path))
    }

    /// `POST /api/v1/documents/{document_id}/assets/include-from-pdf`: renders the pages of the PDF that a document was made from, and
    /// keeps their pictures.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{} pages", client.documents().include_pdf_assets("d-1").await?.pages_rendered);
    /// # Ok(())
    /// # }
    /// ```
    pub fn include_pdf_assets(&self, document: impl Into<DocumentId>) -> Call<IncludePdfAssets> {
        self.client.send(IncludePdfAssets::new(document))
    }

    /// `GET /api/v1/documents/{document_id}/pages`: the pages of a document.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// for page in client.documents().pages("d-1").await?.pages {
    ///     println!("{}: {} x {}", page.page_number, page.width_pt, page.height_pt);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages(&self, document: impl Into<DocumentId>) -> Call<ListPages> {
        self.client.send(ListPages::new(document))
    }

    /// `GET /api/v1/documents/{document_id}/pages/{page_number}/layout`: what stands where on a page. Pages count from 1.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// for region in client.documents().page_layout("d-1", 1).await?.regions {
    ///     println!("{} {:?}", region.region_id, region.class);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn page_layout(&self, document: impl Into<DocumentId>, page: u64) -> Call<GetPageLayout> {
        self.client.send(GetPageLayout::new(document, page))
    }

    /// `GET /api/v1/documents/{document_id}/pages/health`: how well each page of a PDF was parsed, as JSON.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{}", client.documents().pages_health("d-1").await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages_health(&self, document: impl Into<DocumentId>) -> Call<GetPagesHealth> {
        self.client.send(GetPagesHealth::new(document))
    }

    /// `POST /api/v1/documents/{document_id}/pages/reprocess`: processes pages of a PDF again; answered with JSON.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::documents::ReprocessPages;
    ///
    /// let plan = client.documents().reprocess_pages(ReprocessPages::new("d-1", "2-4,9").dry_run(true)).await?;
    /// println!("{plan}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn reprocess_pages(&self, reprocess: ReprocessPages) -> Call<ReprocessPages> {
        self.client.send(reprocess)
    }
}
