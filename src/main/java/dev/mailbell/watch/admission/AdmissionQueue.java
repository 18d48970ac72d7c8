package dev.mailbell.watch.admission;

import dev.mailbell.fairness.KnownClients;
import dev.mailbell.fairness.Shares;
import dev.mailbell.fairness.Turns;
import dev.mailbell.watch.admission.ServerShare.Grade;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * The permits of one kind of checks. Clients whose checks wait alternate, and within a client its
 * servers do. Each client and each server has a share of the permits at most, and servers that fail
 * or are new have a share of them all together. For one thread at a time.
 */
final class AdmissionQueue {
    private final Map<CheckedServer, ServerQueue> servers = new HashMap<>();

    /** Servers whose own share allows another check, in the order in which they alternate. */
    private final Map<Grade, Turns<ServerQueue>> ready = new EnumMap<>(Grade.class);

    private final KnownClients known;
    private final Shares all;

    /** Of servers that are new or fail. */
    private final Shares unproven;

    private final Shares failing;

    /** The permits of each server that has some, by its name: those of all clients together. */
    private final Map<String, Shares> atServer = new HashMap<>();

    private final Shares waiting;
    private int size;
    private int nextGrade;

    /** The checks of one client at one server. */
    private static final class ServerQueue {
        private final ServerShare share;
        private final SequencedSet<AdmissionRequest> first = new LinkedHashSet<>();
        private final SequencedSet<AdmissionRequest> retries = new LinkedHashSet<>();
        private Grade grade;
        private int taken;
        private boolean lastWasRetry;

        ServerQueue(ServerShare share) {
            this.share = share;
            this.grade = share.grade();
        }

        UUID client() {
            return share.server().client();
        }

        String name() {
            return share.server().name();
        }

        boolean isEmpty() {
            return first.isEmpty() && retries.isEmpty();
        }

        SequencedSet<AdmissionRequest> of(AdmissionRequest request) {
            return request.isRetry() ? retries : first;
        }

        /** Retries alternate with first checks, but do not probe while a first check can. */
        AdmissionRequest poll() {
            boolean retry =
                    first.isEmpty() || !retries.isEmpty() && !lastWasRetry && !share.isSilent();
            lastWasRetry = retry;
            return (retry ? retries : first).removeFirst();
        }
    }

    /**
     * @param size how many permits there are
     * @param mostWaiting how many requests wait at most, where {@link #hasRoomFor} is asked
     */
    AdmissionQueue(int size, int mostWaiting, KnownClients known) {
        this.size = size;
        this.known = known;
        this.all = new Shares(size, known);
        this.unproven = new Shares(unproven(), known);
        this.failing = new Shares(failing(), known);
        this.waiting = new Shares(mostWaiting, known);
        for (Grade grade : Grade.values()) {
            ready.put(grade, new Turns<>());
        }
    }

    private int unproven() {
        return Math.max(1, size / 2);
    }

    private int failing() {
        return Math.max(1, size / 4);
    }

    /** Permits beyond the new number are given up as checks end. */
    void resize(int now) {
        size = now;
        all.resize(size);
        unproven.resize(unproven());
        failing.resize(failing());
        atServer.values().forEach(shares -> shares.resize(ServerShare.most(size)));
        servers.values().forEach(this::updateReady);
    }

    int taken() {
        return all.taken();
    }

    int waiting() {
        return waiting.taken();
    }

    /** Whether another request of the client may wait. */
    boolean hasRoomFor(UUID client) {
        return waiting.mayTake(client);
    }

    int waiting(ServerShare share) {
        ServerQueue server = servers.get(share.server());
        return server == null ? 0 : server.first.size() + server.retries.size();
    }

    void add(AdmissionRequest request, ServerShare share) {
        ServerQueue server = servers.computeIfAbsent(share.server(), any -> new ServerQueue(share));
        if (server.of(request).add(request)) {
            waiting.add(server.client(), 1);
            share.checks(1);
        }
        updateReady(server);
    }

    void remove(AdmissionRequest request, ServerShare share) {
        ServerQueue server = servers.get(share.server());
        if (server != null && server.of(request).remove(request)) {
            dequeued(server);
            dropIfEmpty(server);
        }
    }

    private void dequeued(ServerQueue server) {
        waiting.add(server.client(), -1);
        server.share.checks(-1);
    }

    /** Takes the requests out that the condition holds for. */
    List<AdmissionRequest> removeIf(ServerShare share, Predicate<AdmissionRequest> condition) {
        ServerQueue server = servers.get(share.server());
        if (server == null) {
            return List.of();
        }
        List<AdmissionRequest> removed = new ArrayList<>();
        for (SequencedSet<AdmissionRequest> requests : List.of(server.first, server.retries)) {
            for (AdmissionRequest request : List.copyOf(requests)) {
                if (condition.test(request)) {
                    requests.remove(request);
                    removed.add(request);
                    dequeued(server);
                }
            }
        }
        dropIfEmpty(server);
        return removed;
    }

    /** Takes a permit for the request that is next. */
    Optional<AdmissionRequest> next() {
        Grade[] grades = Grade.values();
        for (int i = 0; i < grades.length && taken() < size; i++) {
            Grade grade = grades[(nextGrade + i) % grades.length];
            List<Shares> shares = sharesOf(grade);
            Optional<ServerQueue> next =
                    ready(grade)
                            .poll(
                                    client -> shares.stream().allMatch(all -> all.mayTake(client)),
                                    this::hasRoomAtServer);
            if (next.isPresent()) {
                nextGrade = grade.ordinal() + 1;
                ServerQueue server = next.get();
                AdmissionRequest request = server.poll();
                waiting.add(server.client(), -1);
                server.taken++;
                count(server, 1);
                atServer(server).add(server.client(), 1);
                updateReady(server);
                return Optional.of(request);
            }
        }
        return Optional.empty();
    }

    private Turns<ServerQueue> ready(Grade grade) {
        return ready.getOrDefault(grade, new Turns<>());
    }

    private List<Shares> sharesOf(Grade grade) {
        return switch (grade) {
            case WELL -> List.of(all);
            case NEW -> List.of(all, unproven);
            case FAILING -> List.of(all, unproven, failing);
        };
    }

    private void count(ServerQueue server, int change) {
        sharesOf(server.grade).forEach(shares -> shares.add(server.client(), change));
    }

    private Shares atServer(ServerQueue server) {
        return atServer.computeIfAbsent(
                server.name(), any -> new Shares(ServerShare.most(size), known));
    }

    private boolean hasRoomAtServer(ServerQueue server) {
        Shares shares = atServer.get(server.name());
        return shares == null || shares.mayTake(server.client());
    }

    /** A check of the server has ended. */
    void release(ServerShare share) {
        ServerQueue server = servers.get(share.server());
        if (server != null) {
            server.taken--;
            count(server, -1);
            Shares shares = atServer(server);
            shares.add(server.client(), -1);
            if (shares.taken() == 0) {
                atServer.remove(server.name());
            }
            share.checks(-1);
            dropIfEmpty(server);
        }
    }

    /** What is known of the server has changed. */
    void reviewed(ServerShare share) {
        ServerQueue server = servers.get(share.server());
        if (server != null && server.grade != share.grade()) {
            ready(server.grade).remove(server.client(), server);
            count(server, -server.taken);
            server.grade = share.grade();
            count(server, server.taken);
        }
        if (server != null) {
            updateReady(server);
        }
    }

    private void dropIfEmpty(ServerQueue server) {
        updateReady(server);
        if (server.isEmpty() && server.taken == 0) {
            servers.remove(server.share.server());
        }
    }

    /** A server that is ready already keeps its place in the order. */
    private void updateReady(ServerQueue server) {
        if (!server.isEmpty() && server.taken < server.share.permits(size)) {
            ready(server.grade).add(server.client(), server);
        } else {
            ready(server.grade).remove(server.client(), server);
        }
    }
}
