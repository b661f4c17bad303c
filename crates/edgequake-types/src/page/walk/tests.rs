use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::documents::{DocumentList, DocumentSummary, ListDocuments};
use crate::tasks::{ListTasks, TaskList};
use crate::tenants::{ListTenants, TenantList};
use crate::testing::read;
use crate::users::{ListUsers, UserList};
use crate::{Decode, Endpoint};

const TENANT: &str = "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21";

/// What a walk over these answers finds, the last of which is given for ever: ids, the error, and how many pages there were.
fn walk<E>(first: E, mut answer: impl FnMut(&E, u64) -> E::Response) -> (Vec<String>, Option<PageError>, u64)
where
    E: Paginated,
{
    let (mut walk, mut request, mut found, mut pages) = (PageWalk::new(), Some(first), Vec::new(), 0);
    while let Some(current) = request {
        let mut page = answer(&current, pages);
        pages += 1;
        assert!(pages < 20_000, "the walk does not end");
        request = match walk.advance(&current, &mut page) {
            Ok(next) => next,
            Err(error) => return (found, Some(error), pages),
        };
        found.extend(E::items(page).iter().filter_map(E::id).map(str::to_owned));
    }
    (found, None, pages)
}

/// A walk over documents whose answers are these, the last one for ever.
fn documents(answers: &[Value]) -> (Vec<String>, Option<PageError>, u64) {
    walk(ListDocuments::new(), |_, number| {
        let last = answers.len() - 1;
        read::<DocumentList>(&answers[usize::try_from(number).unwrap().min(last)])
    })
}

fn ids(range: std::ops::Range<u64>) -> Vec<Value> {
    range.map(|number| json!({ "id": number.to_string() })).collect()
}

fn names(range: std::ops::Range<u64>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[test]
fn an_empty_page_is_not_the_end_while_the_server_knows_of_more() {
    let empty =
        json!({"documents": [], "has_more": true, "total": 2, "page": 1, "page_size": 2, "total_pages": 2});
    let second = json!({"documents": ids(0..2), "has_more": false, "total": 2, "page": 2, "page_size": 2, "total_pages": 2});
    assert_eq!(documents(&[empty, second]), (names(0..2), None, 2));
    for middle in [
        json!({"documents": [], "has_more": true}),
        json!({"documents": [], "total_pages": 3}),
        json!({"documents": [], "total": 5, "page_size": 2}),
        json!({"documents": [], "total": 5, "limit": 2}),
    ] {
        let first = json!({"documents": ids(0..2), "has_more": true});
        let last = json!({"documents": ids(2..4), "has_more": false});
        assert_eq!(documents(&[first, middle.clone(), last]), (names(0..4), None, 3), "{middle}");
    }
    let users = [
        json!({"users": [], "total": 3, "page": 1, "page_size": 2, "total_pages": 2}),
        json!({"users": [{"user_id": TENANT, "username": "mona", "email": "m", "role": "user"}], "total": 3, "page": 2, "page_size": 2, "total_pages": 2}),
    ];
    let found =
        walk(ListUsers::new(), |_, number| read::<UserList>(&users[usize::try_from(number).unwrap()]));
    assert_eq!((found.0.len(), found.1, found.2), (1, None, 2));
    let (found, error, pages) = walk(ListTenants::new(), |request, number| {
        let items = if number == 0 { json!([]) } else { json!([{"id": TENANT, "name": "Acme"}]) };
        read::<TenantList>(&json!({"items": items, "total": 21, "offset": request.offset, "limit": 20}))
    });
    assert_eq!((found.len(), error, pages), (1, None, 2));
}

#[test]
fn a_page_that_comes_again_is_an_error_that_names_it() {
    for page in [
        json!({"documents": ids(0..2), "has_more": true}),
        json!({"documents": ids(0..2), "has_more": true, "page": 1, "page_size": 2, "total": 9, "total_pages": 5}),
        json!({"documents": ids(0..2), "page": 1, "page_size": 2, "total": 5, "total_pages": 3}),
        json!({"documents": ids(0..2), "limit": 2, "offset": 0, "total": 5}),
        json!({"documents": ids(0..2), "pagination": {"total_count": 5, "limit": 2, "page": 1}}),
    ] {
        let (found, error, pages) = documents(std::slice::from_ref(&page));
        assert_eq!((found, pages), (names(0..2), 2), "{page}");
        let error = error.unwrap();
        assert_eq!(error, PageError::Repeated { page: 2, id: "0".to_owned() }, "{page}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"the server repeats itself: page 2 of the walk brought nothing new, but `0` again; does something on the way drop the query?");
        }
    }
    // Its last page, which it gives in place of the second.
    let last = json!({"documents": ids(0..2), "page": 1, "total_pages": 2});
    assert_eq!(documents(&[last]).1, Some(PageError::Repeated { page: 2, id: "0".to_owned() }));
    // By offset, and by key.
    let same = json!({"items": [{"id": TENANT, "name": "Acme"}], "total": 1, "offset": 0, "limit": 1});
    let (_, error, pages) = walk(ListTenants::new(), |_, _| read::<TenantList>(&same));
    assert!(matches!(error, Some(PageError::Repeated { .. })) && pages == 2, "{error:?}");
    let same = json!({"tasks": [{"track_id": "t-1", "status": "failed", "created_at": "2031"}], "pagination": {"page_size": 1}});
    let after = ListTasks::new().after_created_at("2030").after_track_id("t-0");
    let (_, error, pages) = walk(after, |_, _| read::<TaskList>(&same));
    assert_eq!((error, pages), (Some(PageError::Repeated { page: 2, id: "t-1".to_owned() }), 2));
}

#[test]
fn a_list_that_shrinks_meanwhile_is_told_in_the_end() {
    // Pages of two of a list of these elements, by page number.
    let walked = |states: &[&[u64]], total: fn(&[u64], u64) -> u64| {
        let (mut walk, mut request, mut found) = (PageWalk::new(), Some(ListDocuments::new()), Vec::new());
        for state in states.iter().chain(states.last().into_iter().cycle()) {
            let Some(current) = request else { break };
            let begin = usize::try_from(current.page.unwrap_or(1) - 1).unwrap() * 2;
            let rest: Vec<Value> =
                state.iter().skip(begin).take(2).map(|id| json!({ "id": id.to_string() })).collect();
            let total = total(state, rest.len() as u64);
            let pages = state.len().div_ceil(2);
            let mut page =
                read(&json!({"documents": rest, "page_size": 2, "total": total, "total_pages": pages}));
            request = walk.advance(&current, &mut page).unwrap();
            found.extend(page.documents.into_iter().map(|document| document.id.to_string()));
        }
        (found.join(""), walk.finish())
    };
    let honest = |state: &[u64], _| state.len() as u64;
    let shrunk = |from, to| Err(PageError::Shrunk { from, to });
    assert_eq!(walked(&[&[0, 1, 2, 3, 4]], honest), ("01234".to_owned(), Ok(())));
    // 2 has moved to the first page.
    assert_eq!(walked(&[&[0, 1, 2, 3, 4], &[1, 2, 3, 4]], honest), ("0134".to_owned(), shrunk(5, 4)));
    // All that was read was deleted.
    assert_eq!(walked(&[&[0, 1, 2, 3, 4], &[2, 3, 4]], honest), ("014".to_owned(), shrunk(5, 3)));
    // It grew.
    assert_eq!(walked(&[&[0, 1, 2], &[0, 1, 2, 3, 4]], honest), ("01234".to_owned(), Ok(())));
    // The total is the length of the page.
    assert_eq!(walked(&[&[0, 1, 2, 3, 4]], |_, length| length), ("01234".to_owned(), Ok(())));
    insta::assert_snapshot!(
        shrunk(5, 4).unwrap_err(),
        @"the list shrank from 5 to 4 elements while its pages were read: elements that moved to earlier pages may be missing; read it again"
    );
}

#[test]
fn a_list_by_limit_and_offset_is_walked_to_its_total() {
    // Of whichever parameter the server knows.
    for by_offset in [true, false] {
        let found = walk(ListDocuments::new(), |request, _| {
            let begin =
                if by_offset { request.offset.unwrap_or(0) } else { (request.page.unwrap_or(1) - 1) * 2 };
            read::<DocumentList>(
                &json!({"documents": ids(begin..5.min(begin + 2)), "limit": 2, "offset": begin, "total": 5}),
            )
        });
        assert_eq!(found, (names(0..5), None, 3));
    }
    let list = ListDocuments::new();
    assert_eq!(list.query().unwrap(), None);
    let page = read(&json!({"documents": ids(0..2), "limit": 2, "offset": 0, "total": 5}));
    assert_eq!(list.next(&page).unwrap().query().unwrap().as_deref(), Some("offset=2&page=2"));
}

#[test]
fn flags_that_disagree_lose_no_page() {
    // Pages counted by the size that was asked for, and cut by a smaller one.
    let first = json!({"documents": ids(0..2), "has_more": true, "total_pages": 1, "page": 1});
    let last = json!({"documents": ids(2..3), "has_more": false, "total_pages": 1, "page": 2});
    assert_eq!(documents(&[first, last]), (names(0..3), None, 2));
    // One that always has more, and knows how many pages there are.
    let page =
        |range, page| json!({"documents": ids(range), "has_more": true, "total_pages": 2, "page": page});
    assert_eq!(documents(&[page(0..2, 1), page(2..3, 2), page(0..0, 3)]), (names(0..3), None, 3));
}

#[test]
fn elements_that_move_to_a_later_page_come_once() {
    // Two documents were added at the front.
    let moved = |begin, end, total| json!({"documents": ids(begin..end), "total": total, "page_size": 4});
    let (found, error, _) = documents(&[moved(0, 4, 8), moved(2, 6, 10), moved(6, 8, 10)]);
    assert_eq!((found, error), (names(0..8), None));
    // A whole page of them.
    let (found, error, _) = documents(&[moved(0, 4, 8), moved(0, 4, 12), moved(4, 8, 12)]);
    assert_eq!((found, error), (names(0..8), None));
    // A page with an element twice.
    let twice = json!({"documents": [{"id": "a"}, {"id": "b"}, {"id": "a"}]});
    assert_eq!(documents(&[twice]).0, ["a", "b"]);
    // Those that cannot be told apart are no repetition, and do not make a walk endless.
    let nameless = |more: bool| json!({"documents": [{"id": ""}, {"id": ""}], "has_more": more});
    assert_eq!(documents(&[nameless(false)]).0.len(), 2);
    assert!(matches!(documents(&[nameless(true)]).1, Some(PageError::Fruitless { .. })));
    let mixed = json!({"documents": [{"id": ""}, {"id": "a"}], "has_more": true});
    assert!(matches!(documents(&[mixed]).1, Some(PageError::Repeated { .. })));
}

#[test]
fn empty_pages_without_end_are_an_error() {
    for page in [
        json!({"documents": [], "has_more": true}),
        json!({"documents": [], "has_more": true, "total_pages": u64::MAX}),
        json!({"documents": [], "total": u64::MAX, "page_size": 1}),
        json!({"documents": [], "total": u64::MAX, "limit": 1, "offset": 3}),
    ] {
        let (found, error, pages) = documents(std::slice::from_ref(&page));
        assert_eq!(
            (found.len(), error, pages),
            (0, Some(PageError::Fruitless { pages: 1_000 }), 1_000),
            "{page}"
        );
    }
}

/// A page of 20 documents, after which there are more.
fn many(page: u64) -> DocumentList {
    let documents = (page * 20..(page + 1) * 20).map(|number| DocumentSummary::new(number.to_string()));
    DocumentList { has_more: Some(true), documents: documents.collect(), ..DocumentList::default() }
}

#[test]
fn what_is_remembered_does_not_grow_and_finds_a_list_that_begins_again() {
    // Long walks, and lists that begin again after far more elements than are remembered.
    let mut memory = PageWalk::new();
    let mut request = ListDocuments::new();
    for number in 0..10_000 {
        let mut page = many(number);
        request = memory.advance(&request, &mut page).unwrap().unwrap();
    }
    assert_eq!((memory.order.len(), memory.recent.len()), (REMEMBERED, REMEMBERED));
    assert!(memory.order.capacity() < 2 * REMEMBERED, "{}", memory.order.capacity());
    assert!(memory.recent.capacity() < 3 * REMEMBERED, "{}", memory.recent.capacity());
    for period in [1, 2, 3, 7, 1_000, 2_500] {
        let (_, error, pages) = walk(ListDocuments::new(), |_, number| {
            let page = number % period;
            many(page)
        });
        assert!(matches!(error, Some(PageError::Repeated { .. })), "{period}");
        assert!(pages <= 4 * period + 2, "{period}: {pages}");
    }
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => Just(json!(null)),
        4 => (0_u64..6).prop_map(|number| json!(number)),
        1 => any::<u64>().prop_map(|number| json!(number)),
        1 => Just(json!(u64::MAX)),
        1 => Just(json!("3")),
        1 => Just(json!(1e18)),
    ]
}

fn flag() -> impl Strategy<Value = Value> {
    prop_oneof![Just(json!(null)), Just(json!(true)), Just(json!(false))]
}

/// One page with any number in any field.
fn page() -> impl Strategy<Value = Value> {
    let numbers = (number(), number(), number(), number(), number(), number(), number());
    (prop::collection::vec(0_u8..12, 0..4), numbers, flag(), any::<bool>()).prop_map(
        |(elements, (page, page_size, total, total_pages, limit, offset, count), has_more, nested)| {
            let ids: Vec<Value> = elements.iter().map(|id| json!({"id": id.to_string()})).collect();
            let tasks: Vec<Value> = elements.iter().map(|id| json!({"track_id": id.to_string(), "status": "x", "created_at": "t"})).collect();
            let tenants: Vec<Value> =
                elements.iter().map(|id| json!({"id": format!("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9{id:03}"), "name": "n"})).collect();
            let mut fields = json!({"page": page, "page_size": page_size, "total": total, "total_pages": total_pages,
                "limit": limit, "offset": offset, "count": count, "has_more": has_more});
            if nested {
                fields["pagination"] = fields.clone();
            }
            fields["documents"] = json!(ids);
            fields["tasks"] = json!(tasks);
            fields["tenants"] = json!(tenants);
            fields
        },
    )
}

/// A walk over these answers, again and again: it ends, and no id comes twice.
fn ends<E>(first: E, answers: &[Value], elements: &str) -> Result<(), TestCaseError>
where
    E: Paginated,
    E::Response: Decode,
{
    // What cannot be read ends a walk with an error of its own.
    let answers: Vec<Value> = answers
        .iter()
        .map(|answer| {
            let mut answer = answer.clone();
            if elements == "tenants" {
                answer["items"] = answer["tenants"].clone();
            }
            answer
        })
        .filter(|answer| E::Response::from_body(answer.to_string()).is_ok())
        .collect();
    prop_assume!(!answers.is_empty());
    let (mut found, error, pages) = walk(first, |_, number| {
        E::Response::from_body(answers[usize::try_from(number).unwrap() % answers.len()].to_string()).unwrap()
    });
    prop_assert!(pages < 5_000);
    let length = found.len();
    found.sort();
    found.dedup();
    prop_assert_eq!(found.len(), length, "an element came twice");
    prop_assert!(error.is_none_or(|error| error.to_string().len() < 400));
    Ok(())
}

proptest! {
    #[test]
    fn any_numbers_end_a_walk_and_repeat_nothing(answers in prop::collection::vec(page(), 1..6), begin in prop::option::of(any::<u64>())) {
        ends(ListDocuments { page: begin, ..ListDocuments::new() }, &answers, "documents")?;
        ends(ListTasks { page: begin, ..ListTasks::new() }, &answers, "tasks")?;
        ends(ListTasks::new().after_created_at("t").after_track_id("x"), &answers, "tasks")?;
        ends(ListTenants { offset: begin, ..ListTenants::new() }, &answers, "tenants")?;
    }

    #[test]
    fn a_walk_in_which_elements_are_added_finds_the_old_ones_once(count in 1_u64..80, size in 1_u64..9, added in prop::collection::vec(0_u64..12, 1..40)) {
        let mut new = 0;
        let (found, error, _) = walk(ListDocuments::new(), |request, number| {
            let page = request.page.unwrap_or(1);
            // New ones stand in front.
            let all: Vec<Value> = ids(1_000..1_000 + new).into_iter().rev().chain(ids(0..count)).collect();
            let begin = usize::try_from((page - 1) * size).unwrap().min(all.len());
            let end = usize::try_from(page * size).unwrap().min(all.len());
            let total = all.len() as u64;
            if number < 30 {
                new += added[usize::try_from(number).unwrap() % added.len()];
            }
            read::<DocumentList>(&json!({"documents": all[begin..end], "total": total, "page": page, "page_size": size,
                "total_pages": total.div_ceil(size), "has_more": page * size < total}))
        });
        prop_assert_eq!(error, None);
        let mut old: Vec<u64> = found.iter().map(|id| id.parse().unwrap()).filter(|id| *id < 1_000).collect();
        old.sort_unstable();
        prop_assert_eq!(old, (0..count).collect::<Vec<_>>());
    }
}
