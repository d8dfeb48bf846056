//! A declared field has the type that the struct's field has.

pub struct Parcel {
    weight: i64,
}

portolan_kernel::candidate! {
    pub mod parcel: Parcel {
        weight: String [sortable],
    }
}

fn main() {
    let _ = parcel::weight();
}
