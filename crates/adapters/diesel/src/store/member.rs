//! What a group is made of.

use portolan_kernel::{ChangeSet, Committed, Error, Result};

use super::group::Decided;
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

/// Tells every caller, only now.
pub(super) fn deliver(members: Vec<Member>, answers: Vec<Result<Committed>>) {
    let mut answers = answers.into_iter();
    for member in members {
        match member {
            Member::Write(task) => task.answer(None),
            Member::Commit(pending) => {
                if let Some(answer) = answers.next() {
                    pending.answer(answer);
                }
            }
        }
    }
}

/// Whether another process has changed what the change set takes for granted.
pub(super) const fn is_overtaken(answer: &Result<Committed>) -> bool {
    matches!(answer, Err(Error::Conflict { .. }))
}

/// Tells those that were overtaken, who are no more of the group. Answers how many.
pub(super) fn answer_overtaken(members: &mut Vec<Member>, decided: &mut Decided) -> usize {
    let all = std::mem::take(members);
    let mut answers = std::mem::take(&mut decided.answers).into_iter();
    let mut overtaken = 0;
    for member in all {
        match member {
            Member::Write(_) => members.push(member),
            Member::Commit(pending) => match answers.next() {
                Some(conflict) if is_overtaken(&conflict) => {
                    overtaken += 1;
                    pending.answer(conflict);
                }
                answer => {
                    decided.answers.extend(answer);
                    members.push(Member::Commit(pending));
                }
            },
        }
    }
    overtaken
}
