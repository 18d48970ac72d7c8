package dev.mailbell.bench.compare;

import dev.mailbell.bench.net.Certificates;
import dev.mailbell.bench.sim.ImapServerSim;
import dev.mailbell.bench.sim.Receiver;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** A program that keeps to bench/README.md. */
final class Program implements Subject {
    /** To one address and port a client has no more than some 28,000 ports of its own. */
    private static final int MAILBOXES_AN_ADDRESS = 10_000;

    /** What the last mails of the measured time may still cost. */
    private static final Duration TAIL = Duration.ofSeconds(2);

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<String> command;

    Program(List<String> command) {
        this.command = List.copyOf(command);
    }

    @Override
    public Measurement run(Load load) throws InterruptedException {
        @Nullable SSLContext tls = load.tls() ? Certificates.selfSigned() : null;
        int addresses = (load.mailboxes() - 1) / MAILBOXES_AN_ADDRESS + 1;
        Notices notices = new Notices(load.mailboxes());
        try (ImapServerSim server = new ImapServerSim(load.mailboxes(), addresses, tls);
                Receiver receiver = Receiver.ofBodies(notices::posted);
                Candidate candidate =
                        Candidate.start(command, environment(load, server, receiver))) {
            double ready = candidate.awaitReady(load.readySeconds());
            return measure(load, server, notices, candidate, ready);
        }
    }

    private static Map<String, String> environment(
            Load load, ImapServerSim server, Receiver receiver) {
        Set<String> hosts = new LinkedHashSet<>();
        for (int user = 0; user < load.mailboxes(); user++) {
            if (!hosts.add(server.host(user))) {
                break;
            }
        }
        return Map.of(
                "BENCH_IMAP_HOSTS", String.join(",", hosts),
                "BENCH_IMAP_PORT", Integer.toString(server.port()),
                "BENCH_TLS", Boolean.toString(load.tls()),
                "BENCH_MAILBOXES", Integer.toString(load.mailboxes()),
                "BENCH_RECEIVER", receiver.url(0));
    }

    private static Measurement measure(
            Load load, ImapServerSim server, Notices notices, Candidate candidate, double ready)
            throws InterruptedException {
        Random random = new Random(load.seed());
        deliver(load, load.warmUp(), server, notices, random);
        ProcessTree tree = candidate.tree();
        ProcessTree ourselves = new ProcessTree(ProcessHandle.current());
        double cpu = tree.cpuSeconds();
        double all = ourselves.cpuSeconds();
        long before = notices.added();
        long from = System.nanoTime();
        deliver(load, load.seconds(), server, notices, random);
        long to = System.nanoTime();
        awaitTold(notices, TAIL);
        candidate.mustLive();
        cpu = tree.cpuSeconds() - cpu;
        // The candidate is one of our descendants.
        all = ourselves.cpuSeconds() - all;
        double megabytes = tree.megabytes();
        awaitTold(notices, PATIENCE);
        long mails = notices.added() - before;
        return new Measurement(
                ready,
                megabytes,
                notices.latencies().between(from, to),
                cpu * 1e3 / mails,
                (all - cpu) * 1e3 / mails,
                notices.missing(),
                notices.surplus());
    }

    private static void deliver(
            Load load, int seconds, ImapServerSim server, Notices notices, Random random)
            throws InterruptedException {
        long begun = System.nanoTime();
        long mails = Math.round(load.rate() * seconds);
        for (long i = 0; i < mails; i++) {
            long due = begun + (long) (i * 1e9 / load.rate());
            Thread.sleep(Duration.ofNanos(Math.max(0, due - System.nanoTime())));
            int mailbox = random.nextInt(load.mailboxes());
            notices.added(mailbox);
            server.deliver(mailbox);
        }
        Thread.sleep(
                Duration.ofNanos(
                        Math.max(0, begun + seconds * 1_000_000_000L - System.nanoTime())));
    }

    private static void awaitTold(Notices notices, Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (notices.missing() > 0 && System.nanoTime() - deadline < 0) {
            Thread.sleep(20);
        }
    }
}
