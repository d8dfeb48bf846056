//! What a group is made of.

use portolan_kernel::{ChangeSet, Committed, Error, Result};

use super::group::Group;
use super::queue::{Pending, WriteTask};

/// One of a group.
pub(super) enum Member {
    Commit(Box<Pending>),
    Write(Box<dyn WriteTask>),
}

impl Member {
    pub(super) fn change_set(&self) -> Option<&ChangeSet> {
        match self {
            Self::Commit(pending) => Some(&pending.change_set),
            Self::Write(_) => None,
        }
    }

    pub(super) fn task(&mut self) -> Option<&mut dyn WriteTask> {
        match self {
            Self::Commit(_) => None,
            Self::Write(task) => Some(&mut **task),
        }
    }

    pub(super) fn fail(self, error: Error) {
        match self {
            // A caller that has gone away needs no answer.
            Self::Commit(pending) => pending.answer(Err(error)),
            Self::Write(task) => task.answer(Some(error)),
        }
    }
}

/// Tells every caller, only now, but those who are refused, who are left with what they are to be told.
pub(super) fn deliver(members: Vec<Member>, answers: Vec<Result<Committed>>) -> Vec<(Box<Pending>, Error)> {
    let mut answers = answers.into_iter();
    let mut refused = Vec::new();
    for member in members {
        match member {
            Member::Write(task) => task.answer(None),
            Member::Commit(pending) => match answers.next() {
                Some(Err(refusal)) => refused.push((pending, refusal)),
                Some(answer) => pending.answer(answer),
                None => {}
            },
        }
    }
    refused
}

/// Tells those of the group that were overtaken, who are no more of it. Answers how many.
pub(super) fn answer_overtaken(members: &mut Vec<Member>, group: &mut Group) -> usize {
    let mut told = group.take_overtaken().into_iter();
    let mut overtaken = 0;
    for member in std::mem::take(members) {
        match member {
            Member::Write(_) => members.push(member),
            Member::Commit(pending) => match told.next().flatten() {
                Some(conflict) => {
                    overtaken += 1;
                    pending.answer(Err(conflict));
                }
                None => members.push(Member::Commit(pending)),
            },
        }
    }
    overtaken
}

/// The change sets of these, in order.
pub(super) fn change_sets(members: &[Member]) -> Vec<&ChangeSet> {
    members.iter().filter_map(Member::change_set).collect()
}
