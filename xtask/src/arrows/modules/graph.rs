//! What each module of a crate uses, as text, and an order that its modules could have.

use std::collections::BTreeMap;

use super::root::Target;
use super::rules::name;
use super::tree::Crate;
use super::uses::uses;

/// One line for each module, in the present order, with the number of lines that use another one. What is against the order
/// comes last. Then the order by need.
pub(super) fn text(krate: &Crate) -> String {
    let mut edges: Vec<BTreeMap<Target, usize>> = vec![BTreeMap::new(); krate.modules.len()];
    let mut against = edges.clone();
    for found in uses(krate) {
        let side = if found.is_against_the_order() { &mut against } else { &mut edges };
        *side[found.from].entry(found.to).or_default() += 1;
    }
    let list = |side: &BTreeMap<Target, usize>| {
        let words = side.iter().map(|(to, lines)| format!("{} {lines}", name(krate, *to)));
        words.collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("{}, from the ground up:\n", krate.name);
    for (index, module) in krate.modules.iter().enumerate() {
        let before = if edges[index].is_empty() { "-".to_owned() } else { list(&edges[index]) };
        text.push_str(&format!("  {module:<16} {before}"));
        if !against[index].is_empty() {
            text.push_str(&format!("; against the order: {}", list(&against[index])));
        }
        text.push('\n');
        let taken = std::mem::take(&mut against[index]);
        edges[index].extend(taken);
    }
    text.push_str(&format!("By need, with circles in brackets: {}\n", order(krate, &edges).join(", ")));
    text
}

/// The modules so that each comes after what it uses, as near to the present order as that allows. Those that use each
/// other stand together.
fn order(krate: &Crate, edges: &[BTreeMap<Target, usize>]) -> Vec<String> {
    let all = 0..edges.len();
    let direct = |from: usize, to: usize| from == to || edges[from].contains_key(&Target::Module(to));
    let mut reaches: Vec<Vec<bool>> =
        all.clone().map(|from| all.clone().map(|to| direct(from, to)).collect()).collect();
    for (between, from) in all.clone().flat_map(|between| all.clone().map(move |from| (between, from))) {
        if reaches[from][between] {
            let further = reaches[between].clone();
            reaches[from].iter_mut().zip(further).for_each(|(reached, further)| *reached |= further);
        }
    }
    let mut placed = vec![false; edges.len()];
    let mut order = Vec::new();
    while let Some(next) = all.clone().find(|&module| {
        !placed[module] && all.clone().all(|to| placed[to] || !reaches[module][to] || reaches[to][module])
    }) {
        let circle: Vec<_> = all.clone().filter(|&to| reaches[next][to] && reaches[to][next]).collect();
        circle.iter().for_each(|&module| placed[module] = true);
        let names: Vec<_> = circle.iter().map(|&module| krate.modules[module].as_str()).collect();
        order.push(if names.len() == 1 { names.concat() } else { format!("[{}]", names.join(", ")) });
    }
    order
}
