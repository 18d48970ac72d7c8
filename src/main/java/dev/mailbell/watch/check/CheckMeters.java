package dev.mailbell.watch.check;

import dev.mailbell.account.AccountState;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.Protocol;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.CheckAdmission;
import dev.mailbell.watch.admission.CheckKind;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.host.HostStatus;
import dev.mailbell.watch.host.MailHostLimiters;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;

/**
 * The metrics of checks. The number of label values is bounded: by the kinds there are, and by the
 * 50 mail hosts with the most connections.
 */
public final class CheckMeters {
    /** A check that begins so much later than it was due is overdue. */
    private static final Duration OVERDUE = Duration.ofSeconds(10);

    /** Where checks were due and none succeeded for so long, this node sees no mail. */
    private static final Duration STUCK = Duration.ofMinutes(10);

    private static final Duration UNREAD = Duration.ofMinutes(2);
    private static final Duration BLIND = Duration.ofMinutes(10);

    private static final long ARRIVALS_ASKED_EVERY = TimeUnit.SECONDS.toNanos(1);

    private static final int HOSTS_SHOWN = 50;

    private final MeterRegistry registry;
    private final LongSupplier nanoTime;
    private final Map<Kind, Timer> checks = new ConcurrentHashMap<>();
    private final Map<Proof, Counter> proofs = new ConcurrentHashMap<>();
    private final Counter overdue;
    private final Timer delay;
    private final Timer arrival;
    private final AtomicLong arrivalAskedAt;
    private final MultiGauge connections;
    private final MultiGauge waiting;

    /** Of the accounts under watch, as counted once a minute. */
    private final Map<AccountState, AtomicLong> accounts = new EnumMap<>(AccountState.class);

    /** When the first check failed that no success has followed; 0 for none. */
    private final AtomicLong unansweredSince = new AtomicLong();

    private record Kind(Protocol protocol, CheckTrigger source, String outcome) {}

    public CheckMeters(MeterRegistry registry, LongSupplier nanoTime) {
        this.registry = registry;
        this.nanoTime = nanoTime;
        this.overdue =
                Counter.builder("looks.overdue")
                        .description("Checks that began more than 10 s later than they were due")
                        .register(registry);
        this.delay =
                Timer.builder("look.delay")
                        .description("How much later than due checks began")
                        .register(registry);
        this.arrivalAskedAt = new AtomicLong(nanoTime.getAsLong() - ARRIVALS_ASKED_EVERY);
        this.arrival =
                Timer.builder("arrival.to.commit")
                        .description(
                                "From a message's INTERNALDATE (whole seconds) to its record; of one"
                                        + " message a second at most")
                        .register(registry);
        this.connections =
                MultiGauge.builder("host.connections")
                        .description("Open connections, of the 50 mail hosts with the most")
                        .register(registry);
        this.waiting =
                MultiGauge.builder("host.waiting")
                        .description("Accounts that wait for a connection, of the same hosts")
                        .register(registry);
        for (AccountState state : AccountState.values()) {
            if (state != AccountState.PAUSED) {
                accounts.put(state, accounts(state));
            }
        }
    }

    private AtomicLong accounts(AccountState state) {
        AtomicLong number = new AtomicLong();
        Gauge.builder("accounts", number, AtomicLong::doubleValue)
                .description(
                        "Accounts that this node watches, by their state; counted once a minute")
                .tag("state", state.wireName())
                .strongReference(true)
                .register(registry);
        return number;
    }

    /** Registers the gauges, which read the status of each part. */
    public void show(
            MailHostLimiters hosts,
            MailSessionPool sessions,
            CheckSchedule schedule,
            CheckAdmission admission) {
        gauge("sessions", "Open sessions with mail servers", sessions, MailSessionPool::count);
        gauge(
                "looks.scheduled",
                "Accounts that have a next check",
                schedule,
                all -> all.status().scheduled());
        gauge(
                "sessions.idle",
                "Sessions that wait for push",
                hosts,
                all -> all.status().stream().mapToInt(HostStatus::pushing).sum());
        gauge(
                "looks.waiting",
                "Checks that are due and wait for a connection",
                hosts,
                all -> all.status().stream().mapToInt(HostStatus::waiting).sum());
        gauge(
                "looks.oldest.due.seconds",
                "For how long the oldest check has been due that has not ended, wherever it waits",
                schedule,
                all -> all.status().oldestDue().toNanos() / 1e9);
        for (CheckKind kind : CheckKind.values()) {
            Tags tags = Tags.of("kind", kind.name().toLowerCase(Locale.ROOT));
            Gauge.builder("looks.running", admission, all -> all.status(kind).running())
                    .description("Checks under way, which hold a permit")
                    .tags(tags)
                    .register(registry);
            Gauge.builder("looks.queued", admission, all -> all.status(kind).waiting())
                    .description("Checks that wait for a permit")
                    .tags(tags)
                    .register(registry);
        }
    }

    private <T> void gauge(String name, String description, T of, ToDoubleFunction<T> value) {
        Gauge.builder(name, of, value)
                .description(description)
                .strongReference(true)
                .register(registry);
    }

    /** Updates the gauges of single hosts. */
    public void refresh(List<HostStatus> hosts) {
        List<HostStatus> most =
                hosts.stream()
                        .sorted(
                                Comparator.comparingInt((HostStatus host) ->
                                                host.connections() + host.waiting())
                                        .reversed())
                        .limit(HOSTS_SHOWN)
                        .toList();
        List<MultiGauge.Row<?>> connected = new ArrayList<>();
        List<MultiGauge.Row<?>> waiting = new ArrayList<>();
        for (HostStatus host : most) {
            Tags tags = Tags.of("host", host.name());
            connected.add(MultiGauge.Row.of(tags, host.connections()));
            waiting.add(MultiGauge.Row.of(tags, host.waiting()));
        }
        connections.register(connected, true);
        this.waiting.register(waiting, true);
    }

    /** Counts the accounts under watch. */
    public void count(Collection<WatchedAccount> watched) {
        Map<AccountState, Long> numbers = new EnumMap<>(AccountState.class);
        for (WatchedAccount account : watched) {
            numbers.merge(account.account().state(), 1L, Long::sum);
        }
        accounts.forEach((state, number) -> number.set(numbers.getOrDefault(state, 0L)));
    }

    /** A check has begun so much later than it was due. */
    void began(long nanosLate) {
        delay.record(Math.max(0, nanosLate), TimeUnit.NANOSECONDS);
        if (nanosLate > OVERDUE.toNanos()) {
            overdue.increment();
        }
    }

    /** Whether to measure how long a message took: true once a second at most. */
    boolean wantsArrival() {
        long last = arrivalAskedAt.get();
        long now = nanoTime.getAsLong();
        return now - last >= ARRIVALS_ASKED_EVERY && arrivalAskedAt.compareAndSet(last, now);
    }

    /** A message was recorded so long after it came to its server, by both sides' clocks. */
    void arrived(Duration ago) {
        if (!ago.isNegative()) {
            arrival.record(ago);
        }
    }

    /**
     * A check has ended.
     *
     * @param outcome {@code mail}, {@code nothing}, a failure's code, {@code stale} for a kept
     *     connection that was lost, {@code not_recorded}
     */
    void checked(Protocol protocol, CheckTrigger source, String outcome, long nanos) {
        checks.computeIfAbsent(new Kind(protocol, source, outcome), this::timer)
                .record(nanos, TimeUnit.NANOSECONDS);
    }

    private Timer timer(Kind kind) {
        return Timer.builder("look")
                .description("Checks of accounts")
                .tag("protocol", kind.protocol.name().toLowerCase(Locale.ROOT))
                .tag("source", kind.source.wireName())
                .tag("outcome", kind.outcome)
                .register(registry);
    }

    /** A check of a mailbox rests on this proof. */
    void proved(Proof proof) {
        proofs.computeIfAbsent(
                        proof,
                        used ->
                                Counter.builder("check.proofs")
                                        .description(
                                                "Checks of mailboxes by the proof they rest on")
                                        .tag(
                                                "protocol",
                                                used.protocol().name().toLowerCase(Locale.ROOT))
                                        .tag("proof", used.wireName())
                                        .register(registry))
                .increment();
    }

    /** A server has been seen to answer. */
    void answered() {
        if (unansweredSince.get() != 0) {
            unansweredSince.set(0);
        }
    }

    /** A server that had answered before did not. */
    void unanswered() {
        unansweredSince.compareAndSet(0, nanoTime.getAsLong() | 1);
    }

    /**
     * What keeps this node from seeing mail; empty while it sees.
     *
     * @param unread for how long accounts have waited to be read
     * @param stuck for how long checks have been due and do not begin
     */
    public List<String> trouble(Duration unread, Duration stuck) {
        if (unread.compareTo(UNREAD) > 0) {
            return List.of("accounts could not be read for " + unread.toMinutes() + " minutes");
        }
        if (stuck.compareTo(STUCK) > 0) {
            return List.of(
                    "checks have been due for " + stuck.toMinutes() + " minutes and do not begin");
        }
        long since = unansweredSince.get();
        long blind = since == 0 ? 0 : nanoTime.getAsLong() - since;
        return blind < BLIND.toNanos()
                ? List.of()
                : List.of(
                        "no check has succeeded for "
                                + TimeUnit.NANOSECONDS.toMinutes(blind)
                                + " minutes although some were due; does this node reach the mail"
                                + " servers?");
    }
}
