package dev.mailbell.watch.admission;

import dev.mailbell.fairness.KnownClients;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.schedule.CheckWait;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets checks run, so many at once: {@code polling.concurrency}, of which each {@link CheckKind}
 * has its own permits, which clients share. A server that is silent is probed by one check of a
 * kind at a time, whose end is the end of all that waited when it began. Safe for many threads.
 */
public final class CheckAdmission {
    /** More requests of the API wait nowhere; clients share these places. */
    private static final int MOST_WAITING = 1_000;

    private static final int MOST_WAITING_AT_ONE_SERVER = 100;

    private final ReentrantLock lock = new ReentrantLock();
    private final KnownClients known;
    private final LongSupplier nanoTime;
    private final Map<CheckKind, AdmissionQueue> queues = new EnumMap<>(CheckKind.class);

    private final ServerShares shares = new ServerShares();

    private boolean stopped;

    /**
     * @param known the clients of this node
     */
    public CheckAdmission(int permits, KnownClients known, LongSupplier nanoTime) {
        this.known = known;
        this.nanoTime = nanoTime;
        for (CheckKind kind : CheckKind.values()) {
            queues.put(kind, new AdmissionQueue(kind.share(permits), MOST_WAITING, known));
        }
    }

    /** The grants and refusals that a change brought about; carried out without the lock. */
    private final class Answers {
        private final List<CheckPermit> granted = new ArrayList<>();
        private final List<AdmissionRequest> refused = new ArrayList<>();
        private @Nullable RuntimeException why;

        void grantAll() {
            for (AdmissionQueue queue : queues.values()) {
                for (Optional<AdmissionRequest> next = queue.next();
                        next.isPresent();
                        next = queue.next()) {
                    AdmissionRequest request = next.get();
                    granted.add(
                            new CheckPermit(
                                    CheckAdmission.this,
                                    request,
                                    share(request),
                                    nanoTime.getAsLong()));
                }
            }
        }

        void refuse(List<AdmissionRequest> requests, RuntimeException reason) {
            refused.addAll(requests);
            why = reason;
        }

        void give() {
            granted.forEach(permit -> permit.request().grant(permit));
            RuntimeException reason = why;
            if (reason != null) {
                refused.forEach(request -> request.refuse(reason));
            }
        }
    }

    private interface Change {
        void in(Answers answers);
    }

    private void change(Change change) {
        Answers answers = new Answers();
        lock.lock();
        try {
            change.in(answers);
            if (!stopped) {
                answers.grantAll();
            }
        } finally {
            lock.unlock();
        }
        answers.give();
    }

    private AdmissionQueue queue(CheckKind kind) {
        AdmissionQueue queue = queues.get(kind);
        if (queue == null) {
            throw new IllegalStateException("no room for " + kind);
        }
        return queue;
    }

    private ServerShare share(AdmissionRequest request) {
        return shares.of(request.server());
    }

    /** Takes effect at once; where fewer permits are left than are taken, as checks end. */
    public void resize(int permits) {
        change(answers -> queues.forEach((kind, queue) -> queue.resize(kind.share(permits))));
    }

    /**
     * A check that wants to run.
     *
     * @param retry whether the account's last check failed
     */
    public AdmissionRequest request(
            CheckKind kind, CheckedServer server, boolean retry, AdmissionRequest.Answer answer) {
        return new AdmissionRequest(this, kind, server, retry, nanoTime.getAsLong(), answer);
    }

    /** Queues the request; it may be granted or refused before this returns. */
    public void submit(AdmissionRequest request) {
        change(answers -> {
            UUID client = request.server().client();
            known.add(client);
            ServerShare share = share(request);
            AdmissionQueue queue = queue(request.kind());
            if (stopped) {
                answers.refuse(List.of(request), new NotWatchedException());
            } else if (request.kind() == CheckKind.ON_DEMAND
                    && (!queue.hasRoomFor(client)
                            || queue.waiting(share) >= MOST_WAITING_AT_ONE_SERVER)) {
                answers.refuse(List.of(request), full());
            } else if (request.isWaiting()) {
                queue.add(request, share);
                return;
            }
            shares.forget(share);
        });
    }

    /**
     * Waits for a permit.
     *
     * @param waiting takes the request, so that another thread can cancel it
     * @throws MailFailure when the deadline passes first, or the server is found silent meanwhile
     * @throws NotWatchedException when another thread cancels the request, or the node is stopping
     */
    public CheckPermit acquire(
            CheckKind kind,
            CheckedServer server,
            boolean retry,
            Deadline deadline,
            Consumer<CheckWait> waiting) {
        AdmissionWait wait = new AdmissionWait();
        AdmissionRequest request = request(kind, server, retry, wait);
        submit(request);
        waiting.accept(request);
        return wait.until(deadline, request)
                .orElseThrow(() -> isSilent(server) ? silent(server) : full());
    }

    /** The same for a request that nothing cancels. */
    public CheckPermit acquire(
            CheckKind kind, CheckedServer server, boolean retry, Deadline deadline) {
        return acquire(kind, server, retry, deadline, request -> {});
    }

    private static NoRoomException full() {
        return new NoRoomException(
                "too many checks are under way on this node; polling.concurrency limits them");
    }

    private static MailFailure silent(CheckedServer server) {
        return new MailFailure(
                FailureCode.TIMEOUT,
                server.name()
                        + " did not answer several checks in a row; this one was not begun and is"
                        + " tried again");
    }

    private boolean isSilent(CheckedServer server) {
        lock.lock();
        try {
            return shares.find(server).filter(ServerShare::isSilent).isPresent();
        } finally {
            lock.unlock();
        }
    }

    void cancelled(AdmissionRequest request) {
        change(answers -> {
            ServerShare share = share(request);
            queue(request.kind()).remove(request, share);
            shares.forget(share);
        });
    }

    void released(CheckPermit permit) {
        change(answers -> {
            ServerShare share = permit.share();
            share.ended(permit.ended());
            if (permit.ended() == CheckPermit.Ended.SILENT && share.isSilent()) {
                answers.refuse(waitedFor(permit), silent(share.server()));
            }
            queue(permit.request().kind()).release(share);
            queues.values().forEach(queue -> queue.reviewed(share));
            shares.forget(share);
        });
    }

    /**
     * Those that waited when the probe began. A probe by an account whose checks failed before does
     * not count for the others.
     */
    private List<AdmissionRequest> waitedFor(CheckPermit probe) {
        List<AdmissionRequest> waited = new ArrayList<>();
        for (AdmissionQueue queue : queues.values()) {
            waited.addAll(
                    queue.removeIf(
                            probe.share(),
                            request ->
                                    request.since() - probe.grantedAt() <= 0
                                            && (request.isRetry() || !probe.request().isRetry())));
        }
        return waited;
    }

    /** No check begins any more. */
    public void stop() {
        change(answers -> {
            stopped = true;
            List<AdmissionRequest> all = new ArrayList<>();
            for (ServerShare share : shares.all()) {
                queues.values().forEach(queue -> all.addAll(queue.removeIf(share, any -> true)));
            }
            answers.refuse(all, new NotWatchedException());
        });
    }

    /** How checks of a kind are now. */
    public AdmissionStatus status(CheckKind kind) {
        lock.lock();
        try {
            return new AdmissionStatus(queue(kind).taken(), queue(kind).waiting());
        } finally {
            lock.unlock();
        }
    }

    /** Of how many servers something is known, or a check runs or waits. */
    int serversKnown() {
        lock.lock();
        try {
            return shares.size();
        } finally {
            lock.unlock();
        }
    }

    public boolean isIdle() {
        lock.lock();
        try {
            return queues.values().stream().allMatch(queue -> queue.taken() == 0);
        } finally {
            lock.unlock();
        }
    }
}
