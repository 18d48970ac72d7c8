package dev.mailbell.watch.admission;

import dev.mailbell.account.MailSettings;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets checks run, so many at once: {@code polling.concurrency}, of which each {@link CheckKind}
 * has its own places. A server that is silent is probed by one check of a kind at a time, whose end
 * is the end of all that waited when it began. Safe for many threads.
 */
public final class CheckAdmission {
    /** More requests of the API wait nowhere. */
    private static final int MOST_WAITING = 1_000;

    private static final int MOST_WAITING_AT_ONE_SERVER = 100;

    /** What is known of so many servers that no check runs at. */
    private static final int SERVERS_REMEMBERED = 10_000;

    private final ReentrantLock lock = new ReentrantLock();
    private final LongSupplier nanoTime;
    private final Map<CheckKind, AdmissionQueue> rooms = new EnumMap<>(CheckKind.class);

    /** The one that was used longest ago first. */
    private final Map<String, ServerShare> shares = new LinkedHashMap<>(16, 0.75f, true);

    private boolean stopped;

    public CheckAdmission(int places, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        for (CheckKind kind : CheckKind.values()) {
            rooms.put(kind, new AdmissionQueue(kind.share(places)));
        }
    }

    /** The grants and refusals that a change brought about; carried out without the lock. */
    private final class Answers {
        private final List<CheckPermit> granted = new ArrayList<>();
        private final List<AdmissionRequest> refused = new ArrayList<>();
        private @Nullable RuntimeException why;

        void grantAll() {
            for (AdmissionQueue room : rooms.values()) {
                for (Optional<AdmissionRequest> next = room.next();
                        next.isPresent();
                        next = room.next()) {
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

    private AdmissionQueue room(CheckKind kind) {
        AdmissionQueue room = rooms.get(kind);
        if (room == null) {
            throw new IllegalStateException("no room for " + kind);
        }
        return room;
    }

    private ServerShare share(AdmissionRequest request) {
        return shares.computeIfAbsent(request.server(), ServerShare::new);
    }

    /** Takes effect at once; where fewer places are left than are taken, as checks end. */
    public void resize(int places) {
        change(answers -> rooms.forEach((kind, room) -> room.resize(kind.share(places))));
    }

    /** The name that a mail server's checks are let in by: host and port. */
    public static String server(MailSettings mail) {
        return mail.host().toLowerCase(Locale.ROOT) + ":" + mail.port();
    }

    /**
     * A check that wants to run.
     *
     * @param retry whether the account's last check failed
     */
    public AdmissionRequest request(
            CheckKind kind, String server, boolean retry, AdmissionRequest.Answer answer) {
        return new AdmissionRequest(this, kind, server, retry, nanoTime.getAsLong(), answer);
    }

    /** Lets the request wait for its turn; it may be granted or refused before this returns. */
    public void submit(AdmissionRequest request) {
        change(answers -> {
            ServerShare share = share(request);
            AdmissionQueue room = room(request.kind());
            if (stopped) {
                answers.refuse(List.of(request), new NotWatchedException());
            } else if (request.kind() == CheckKind.ON_DEMAND
                    && (room.waiting() >= MOST_WAITING
                            || room.waiting(share) >= MOST_WAITING_AT_ONE_SERVER)) {
                answers.refuse(List.of(request), full());
            } else if (request.isWaiting()) {
                room.add(request, share);
                return;
            }
            forget(share);
        });
    }

    /**
     * Waits for a place.
     *
     * @throws MailFailure when the deadline passes first, or the server is found silent meanwhile
     * @throws NotWatchedException when the node is stopping
     */
    public CheckPermit acquire(CheckKind kind, String server, boolean retry, Deadline deadline) {
        AdmissionWait wait = new AdmissionWait();
        AdmissionRequest request = request(kind, server, retry, wait);
        submit(request);
        return wait.until(deadline, request)
                .orElseThrow(() -> isSilent(server) ? silent(server) : full());
    }

    private static NoRoomException full() {
        return new NoRoomException(
                "too many checks are under way on this node; polling.concurrency limits them");
    }

    private static MailFailure silent(String server) {
        return new MailFailure(
                FailureCode.TIMEOUT,
                server
                        + " did not answer several checks in a row; this one was not begun and is"
                        + " tried again");
    }

    private boolean isSilent(String server) {
        lock.lock();
        try {
            ServerShare share = shares.get(server);
            return share != null && share.isSilent();
        } finally {
            lock.unlock();
        }
    }

    void cancelled(AdmissionRequest request) {
        change(answers -> {
            ServerShare share = share(request);
            room(request.kind()).remove(request, share);
            forget(share);
        });
    }

    void released(CheckPermit permit) {
        change(answers -> {
            ServerShare share = permit.share();
            share.ended(permit.ended());
            if (permit.ended() == CheckPermit.Ended.SILENT && share.isSilent()) {
                answers.refuse(waitedFor(permit), silent(share.server()));
            }
            room(permit.request().kind()).release(share);
            rooms.values().forEach(room -> room.reviewed(share));
            forget(share);
        });
    }

    /**
     * Those that waited when the probe began. A probe by an account whose checks failed before does
     * not speak for the others.
     */
    private List<AdmissionRequest> waitedFor(CheckPermit probe) {
        List<AdmissionRequest> waited = new ArrayList<>();
        for (AdmissionQueue room : rooms.values()) {
            waited.addAll(
                    room.removeIf(
                            probe.share(),
                            request ->
                                    request.since() - probe.grantedAt() <= 0
                                            && (request.isRetry() || !probe.request().isRetry())));
        }
        return waited;
    }

    private void forget(ServerShare share) {
        if (share.isForgettable()) {
            shares.remove(share.server());
        } else if (shares.size() > SERVERS_REMEMBERED) {
            shares.values().stream()
                    .filter(ServerShare::isUnused)
                    .findFirst()
                    .ifPresent(unused -> shares.remove(unused.server()));
        }
    }

    /** No check begins any more. */
    public void stop() {
        change(answers -> {
            stopped = true;
            List<AdmissionRequest> all = new ArrayList<>();
            for (ServerShare share : shares.values()) {
                rooms.values().forEach(room -> all.addAll(room.removeIf(share, any -> true)));
            }
            answers.refuse(all, new NotWatchedException());
        });
    }

    /** How checks of a kind are now. */
    public AdmissionStatus status(CheckKind kind) {
        lock.lock();
        try {
            return new AdmissionStatus(room(kind).taken(), room(kind).waiting());
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
            return rooms.values().stream().allMatch(room -> room.taken() == 0);
        } finally {
            lock.unlock();
        }
    }
}
