//! [`page_list!`] and [`offset_list!`]: the lists that page alike, declared alike.

/// Declares one page of a list whose paging fields stand beside its elements, and how its request goes from page to page:
/// `page_list! { UserList { users: User by user_id } of ListUsers }`. Also read as a bare list.
macro_rules! page_list {
    ($(#[$docs:meta])* $list:ident { $elements:ident: $element:ident by $id:ident } of $request:ty) => {
        impl $crate::Paginated for $request {
            type Item = $element;

            fn next(&self, page: &$list) -> Option<Self> {
                let next = page.pagination().next(self.page, page.$elements.len(), None)?;
                Some(self.clone().page(next))
            }

            fn items(page: $list) -> Vec<$element> {
                page.$elements
            }

            fn elements(page: &mut $list) -> Option<&mut Vec<$element>> {
                Some(&mut page.$elements)
            }

            fn id(element: &$element) -> Option<&str> {
                Some(element.$id.as_str())
            }

            fn total(page: &$list) -> Option<u64> {
                Some(page.total)
            }
        }

        $(#[$docs])*
        #[$crate::model(answer, known, bare = $elements, default)]
        pub struct $list {
            /// The elements of this page. Also read from `items`.
            #[field(alias = "items")]
            pub $elements: Vec<$element>,
            /// How many there are on all pages.
            pub total: u64,
            /// The number of this page, from 1; 0 if the server knows no pages.
            pub page: u64,
            /// How many elements a page holds at most; 0 if the server knows no pages. Also read from `limit`.
            #[field(alias = "limit")]
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

        /// A list without pages.
        impl From<Vec<$element>> for $list {
            fn from($elements: Vec<$element>) -> Self {
                Self { total: $elements.len() as u64, $elements, ..Self::default() }
            }
        }
    };
}

/// Declares one page of a list by offset, and how its request goes from page to page:
/// `offset_list! { TenantList { items: Tenant by id } of ListTenants }`. Also read as a bare list.
macro_rules! offset_list {
    ($(#[$docs:meta])* $list:ident { items: $item:ident by $id:ident } of $request:ty) => {
        impl $crate::Paginated for $request {
            type Item = $item;

            fn next(&self, page: &$list) -> Option<Self> {
                let next = $crate::page::next_offset(self.offset, page.items.len(), page.limit, page.total)?;
                Some(self.clone().offset(next))
            }

            fn items(page: $list) -> Vec<$item> {
                page.items
            }

            fn elements(page: &mut $list) -> Option<&mut Vec<$item>> {
                Some(&mut page.items)
            }

            fn id(element: &$item) -> Option<&str> {
                Some(element.$id.as_str())
            }

            fn total(page: &$list) -> Option<u64> {
                Some(page.total)
            }
        }

        $(#[$docs])*
        #[$crate::model(answer, known, bare = items, default)]
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

        /// A list without pages: its limit is longer than any list.
        impl From<Vec<$item>> for $list {
            fn from(items: Vec<$item>) -> Self {
                Self { total: items.len() as u64, items, offset: 0, limit: u64::MAX }
            }
        }
    };
}

pub(crate) use {offset_list, page_list};
