use edgequake_types::documents::{
    DocumentAssets, DocumentPages, DownloadAsset, DownloadAssetByPath, DownloadMarkdown, DownloadOriginal,
    ExportDocumentLineage, FullLineage, GetDocumentLineage, GetDocumentMetadata, GetPageLayout,
    GetPagesHealth, IncludePdfAssets, IncludedAssets, LineageFormat, ListAssets, ListPages, PageLayout,
    PageStage, ReprocessPages,
};

use crate::table::Table;

#[test]
fn documents_files() {
    Table::of("documents_files", include_str!("documents_files.txt"))
        .request("metadata", &GetDocumentMetadata::new("d-1"))
        .request("lineage", &GetDocumentLineage::new("d-1"))
        .request("export", &ExportDocumentLineage::new("d-1"))
        .request("export as csv", &ExportDocumentLineage::new("d-1").format(LineageFormat::Csv))
        .request("original", &DownloadOriginal::new("d-1"))
        .request("markdown", &DownloadMarkdown::new("d-1"))
        .request("assets", &ListAssets::new("d-1"))
        .request("asset", &DownloadAsset::new("d-1", "page-0001-chart"))
        .request("asset by path", &DownloadAssetByPath::new("d-1", "assets/page 1.png"))
        .request("include assets", &IncludePdfAssets::new("d-1"))
        .request("pages", &ListPages::new("d-1"))
        .request("layout", &GetPageLayout::new("d-1", 2))
        .request("health of pages", &GetPagesHealth::new("d-1"))
        .request("reprocess pages", &ReprocessPages::new("d-1", "2-4,9"))
        .request(
            "reprocess pages with everything",
            &ReprocessPages::new("d-1", [2, 9])
                .stages([PageStage::Parse, PageStage::Figures, PageStage::Entities])
                .dry_run(true),
        )
        .answer::<FullLineage>("lineage")
        .answer::<FullLineage>("lineage at the top")
        .answer::<DocumentAssets>("assets")
        .answer::<IncludedAssets>("assets included")
        .answer::<DocumentPages>("pages")
        .answer::<PageLayout>("layout")
        .answer_read::<PageLayout>("layout with the least")
        .finish();
}
