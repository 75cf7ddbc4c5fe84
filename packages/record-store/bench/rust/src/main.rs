use libp2p_identity::PeerId;
use libp2p_kad::store::{MemoryStore, MemoryStoreConfig, RecordStore};
use libp2p_kad::{ProviderRecord, Record, RecordKey};
use std::hint::black_box;
use std::time::Instant;

fn records(count: usize, fill: u8) -> Vec<Record> {
    (0..count)
        .map(|at| {
            let mut key = [0u8; 32];
            key[..4].copy_from_slice(&((at as u32 + 1).wrapping_mul(0x9e37_79b1)).to_be_bytes());
            key[4..8].copy_from_slice(&(at as u32).to_be_bytes());
            Record { key: RecordKey::new(&key), value: vec![fill; 1024], publisher: None, expires: None }
        })
        .collect()
}

fn store(records: usize) -> MemoryStore {
    let config = MemoryStoreConfig { max_records: records, max_value_bytes: 65_537, max_provided_keys: 1024, max_providers_per_key: 20 };
    MemoryStore::with_config(PeerId::random(), config)
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Prints one JSON line per size: inserts, overwrites and gets with copies per second, and µs of an add on a full key.
fn main() {
    for count in [1024usize, 100_000] {
        let turns = (200_000usize).div_ceil(count);
        let (first, second) = (records(count, 1), records(count, 2));
        let (mut inserts, mut overwrites, mut gets) = (vec![], vec![], vec![]);
        for _ in 0..5 {
            let mut stores: Vec<MemoryStore> = (0..turns).map(|_| store(count)).collect();
            let start = Instant::now();
            for store in &mut stores {
                for record in &first {
                    store.put(record.clone()).unwrap();
                }
            }
            let total = (turns * count) as f64;
            inserts.push(total / start.elapsed().as_secs_f64());
            let store = &mut stores[0];
            let start = Instant::now();
            for turn in 0..turns {
                for record in if turn % 2 == 0 { &second } else { &first } {
                    store.put(record.clone()).unwrap();
                }
            }
            overwrites.push(total / start.elapsed().as_secs_f64());
            let start = Instant::now();
            for _ in 0..turns {
                for record in &first {
                    black_box(store.get(&record.key).unwrap().into_owned());
                }
            }
            gets.push(total / start.elapsed().as_secs_f64());
        }
        let key = RecordKey::new(&[9u8; 32]);
        let providers: Vec<ProviderRecord> = (0..20_020).map(|_| ProviderRecord::new(key.clone(), PeerId::random(), vec![])).collect();
        let mut full = store(1);
        for provider in &providers[..20] {
            full.add_provider(provider.clone()).unwrap();
        }
        let start = Instant::now();
        for provider in &providers[20..] {
            full.add_provider(provider.clone()).unwrap();
        }
        let add = start.elapsed().as_secs_f64() * 1e6 / 20_000.0;
        println!("{{\"count\":{count},\"insert\":{:.0},\"overwrite\":{:.0},\"copy\":{:.0},\"addMicros\":{add:.2}}}", median(inserts), median(overwrites), median(gets));
    }
}
