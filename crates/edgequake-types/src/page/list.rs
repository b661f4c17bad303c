//! [`page_list!`] and [`offset_list!`]: the lists that page alike, declared alike.

/// Declares one page of a list whose paging fields stand beside its elements; also read as a bare list.
macro_rules! page_list {
    ($(#[$docs:meta])* $list:ident { $elements:ident: $element:ty }) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        #[non_exhaustive]
        pub struct $list {
            /// The elements of this page. Some clients call the field `items`.
            pub $elements: Vec<$element>,
            /// How many there are on all pages.
            pub total: u64,
            /// The number of this page, from 1; 0 if the server knows no pages.
            pub page: u64,
            /// How many elements a page holds at most; 0 if the server knows no pages.
            pub page_size: u64,
            /// How many pages there are; 0 if the server knows none.
            pub total_pages: u64,
        }

        impl $list {
            /// Page `page` of a list of `total` elements; the number of pages follows from the sizes.
            pub fn new($elements: Vec<$element>, total: u64, page: u64, page_size: u64) -> Self {
                let total_pages = $crate::Pagination::new(total, page, page_size).total_pages;
                Self { $elements, total, page, page_size, total_pages }
            }

            /// The place of this page in its list.
            pub fn pagination(&self) -> $crate::Pagination {
                $crate::Pagination {
                    total: self.total,
                    page: self.page,
                    page_size: self.page_size,
                    total_pages: self.total_pages,
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $list {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(Default, serde::Deserialize)]
                #[serde(default)]
                struct Wire {
                    #[serde(deserialize_with = "crate::tolerant::or_default")]
                    $elements: Vec<$element>,
                    #[serde(deserialize_with = "crate::tolerant::or_default")]
                    items: Vec<$element>,
                    #[serde(deserialize_with = "crate::tolerant::count")]
                    total: u64,
                    #[serde(deserialize_with = "crate::tolerant::count")]
                    page: u64,
                    #[serde(deserialize_with = "crate::tolerant::count")]
                    page_size: u64,
                    #[serde(deserialize_with = "crate::tolerant::count")]
                    total_pages: u64,
                }

                impl From<Vec<$element>> for Wire {
                    fn from($elements: Vec<$element>) -> Self {
                        Self { total: $elements.len() as u64, $elements, ..Self::default() }
                    }
                }

                let wire: Wire = $crate::tolerant::list_or_object(deserializer)?;
                Ok(Self {
                    $elements: if wire.$elements.is_empty() { wire.items } else { wire.$elements },
                    total: wire.total,
                    page: wire.page,
                    page_size: wire.page_size,
                    total_pages: wire.total_pages,
                })
            }
        }

        $crate::answer::json_answers!($list);
    };
}

/// Declares one page of a list by offset; also read as a bare list.
macro_rules! offset_list {
    ($(#[$docs:meta])* $list:ident of $item:ty) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        #[non_exhaustive]
        pub struct $list {
            /// The elements of this page.
            pub items: Vec<$item>,
            /// How many there are on all pages; the first servers put the length of this page here.
            pub total: u64,
            /// How many stand before this page.
            pub offset: u64,
            /// How many a page holds at most, after the server's own limit; 0 if it did not say.
            pub limit: u64,
        }

        impl $list {
            /// The page that begins at `offset`.
            pub fn new(items: Vec<$item>, total: u64, offset: u64, limit: u64) -> Self {
                Self { items, total, offset, limit }
            }
        }

        impl<'de> serde::Deserialize<'de> for $list {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(Default, serde::Deserialize)]
                #[serde(default)]
                struct Wire {
                    #[serde(deserialize_with = "crate::tolerant::or_default")]
                    items: Vec<$item>,
                    #[serde(deserialize_with = "crate::tolerant::count")]
                    total: u64,
                    #[serde(deserialize_with = "crate::tolerant::count")]
                    offset: u64,
                    #[serde(deserialize_with = "crate::tolerant::count")]
                    limit: u64,
                }

                impl From<Vec<$item>> for Wire {
                    fn from(items: Vec<$item>) -> Self {
                        let total = items.len() as u64;
                        // Longer than the list: there are no pages.
                        Self { items, total, offset: 0, limit: u64::MAX }
                    }
                }

                let Wire { items, total, offset, limit } = $crate::tolerant::list_or_object(deserializer)?;
                Ok(Self { items, total, offset, limit })
            }
        }

        $crate::answer::json_answers!($list);
    };
}

pub(crate) use {offset_list, page_list};
