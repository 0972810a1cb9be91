//! tonic as a client: a closed loop of unary calls on one thread, one channel for each connection. It takes the options
//! of pintle_load that a client under test needs and prints the same JSON line.

use bench_peer_tonic::echo::echo_client::EchoClient;
use bench_peer_tonic::echo::EchoRequest;
use bench_peer_tonic::Options;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

const USAGE: &str =
    "usage: tonic_client --port N [--connections N] [--streams N] [--seconds S] [--warmup S] [--calls N]";

#[derive(Default)]
struct Tally {
    left: Cell<u64>,
    calls: Cell<u64>,
    errors: Cell<u64>,
    nanoseconds: RefCell<Vec<u64>>,
}

fn cpu_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for the call.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

async fn call_again_and_again(mut stub: EchoClient<tonic::transport::Channel>, tally: Rc<Tally>) {
    while tally.left.get() > 0 {
        tally.left.set(tally.left.get() - 1);
        let began = Instant::now();
        let request = EchoRequest { name: "hello world".into(), payload: Vec::new() };
        match stub.unary(request).await {
            Ok(reply) if reply.get_ref().name == "hello world" && reply.get_ref().payload.is_empty() => {
                tally.calls.set(tally.calls.get() + 1);
                tally.nanoseconds.borrow_mut().push(began.elapsed().as_nanos() as u64);
            }
            _ => tally.errors.set(tally.errors.get() + 1),
        }
    }
}

fn quantile_us(sorted: &[u64], share: f64) -> f64 {
    let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(0.0, |&nanoseconds| nanoseconds as f64 / 1e3)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let known = ["--port", "--connections", "--streams", "--seconds", "--warmup", "--calls"];
    let options = Options::parse(&known, USAGE);
    let calls: u64 = options.number("--calls", 0);
    let tally = Rc::new(Tally::default());
    tally.left.set(if calls != 0 { calls } else { u64::MAX });

    let tasks = tokio::task::LocalSet::new();
    let seconds = options.number("--seconds", 1.0);
    let warmup = options.number("--warmup", 0.2);
    let (elapsed, cpu, measured, errors) = tasks
        .run_until(async {
            let mut open = Vec::new();
            for _ in 0..options.number("--connections", 10) {
                let target = format!("http://127.0.0.1:{}", options.number("--port", 0u16));
                let stub = EchoClient::connect(target).await.unwrap_or_else(|error| {
                    eprintln!("tonic_client: {error:?}");
                    std::process::exit(1)
                });
                for _ in 0..options.number("--streams", 10) {
                    open.push(tokio::task::spawn_local(call_again_and_again(stub.clone(), tally.clone())));
                }
            }
            if calls == 0 {
                tokio::time::sleep(Duration::from_secs_f64(warmup)).await;
                tally.calls.set(0);
                tally.nanoseconds.borrow_mut().clear();
            }
            let (began, cpu) = (Instant::now(), cpu_seconds());
            if calls == 0 {
                tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
            } else {
                for task in open {
                    let _ = task.await;
                }
            }
            (began.elapsed().as_secs_f64(), cpu_seconds() - cpu, tally.calls.get(), tally.errors.get())
        })
        .await;

    let mut sorted = tally.nanoseconds.take();
    sorted.sort_unstable();
    println!(
        "{{\"calls\": {measured}, \"errors\": {errors}, \"seconds\": {elapsed:.6}, \"calls_per_s\": {:.1}, \"p50_us\": {:.2}, \
         \"p99_us\": {:.2}, \"client_cpu_s\": {cpu:.6}, \"server_cpu_s\": 0}}",
        measured as f64 / elapsed,
        quantile_us(&sorted, 0.5),
        quantile_us(&sorted, 0.99),
    );
    std::process::exit(if errors == 0 && measured > 0 { 0 } else { 1 });
}
