package dev.mailbell.watch.admission;

import dev.mailbell.watch.admission.ServerShare.Grade;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.function.Predicate;

/**
 * The permits of one kind of checks. Servers whose checks wait alternate, each has a share of the
 * permits at most, and servers that fail or are new have a share of them all together. For one
 * thread at a time.
 */
final class AdmissionQueue {
    private final Map<ServerShare, ServerQueue> servers = new HashMap<>();

    /** Servers whose own share allows another check, in the order in which they alternate. */
    private final Map<Grade, SequencedSet<ServerQueue>> ready = new EnumMap<>(Grade.class);

    private final Map<Grade, Integer> taken = new EnumMap<>(Grade.class);
    private int size;
    private int waiting;
    private int nextGrade;

    /** The checks of one server. */
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

    AdmissionQueue(int size) {
        this.size = size;
        for (Grade grade : Grade.values()) {
            ready.put(grade, new LinkedHashSet<>());
            taken.put(grade, 0);
        }
    }

    /** Permits beyond the new number are given up as checks end. */
    void resize(int now) {
        size = now;
        servers.values().forEach(this::updateReady);
    }

    int taken() {
        return taken.values().stream().mapToInt(Integer::intValue).sum();
    }

    int waiting() {
        return waiting;
    }

    int waiting(ServerShare share) {
        ServerQueue server = servers.get(share);
        return server == null ? 0 : server.first.size() + server.retries.size();
    }

    void add(AdmissionRequest request, ServerShare share) {
        ServerQueue server = servers.computeIfAbsent(share, ServerQueue::new);
        if (server.of(request).add(request)) {
            waiting++;
            share.checks(1);
        }
        updateReady(server);
    }

    void remove(AdmissionRequest request, ServerShare share) {
        ServerQueue server = servers.get(share);
        if (server != null && server.of(request).remove(request)) {
            dequeued(server);
            dropIfEmpty(server);
        }
    }

    private void dequeued(ServerQueue server) {
        waiting--;
        server.share.checks(-1);
    }

    /** Takes the requests out that the condition holds for. */
    List<AdmissionRequest> removeIf(ServerShare share, Predicate<AdmissionRequest> condition) {
        ServerQueue server = servers.get(share);
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
            SequencedSet<ServerQueue> of = ready(grade);
            if (!of.isEmpty() && hasRoom(grade)) {
                nextGrade = grade.ordinal() + 1;
                ServerQueue server = of.removeFirst();
                AdmissionRequest request = server.poll();
                waiting--;
                server.taken++;
                taken.merge(server.grade, 1, Integer::sum);
                updateReady(server);
                return Optional.of(request);
            }
        }
        return Optional.empty();
    }

    private SequencedSet<ServerQueue> ready(Grade grade) {
        return ready.getOrDefault(grade, new LinkedHashSet<>());
    }

    private boolean hasRoom(Grade grade) {
        int failing = taken.getOrDefault(Grade.FAILING, 0);
        int unproven = failing + taken.getOrDefault(Grade.NEW, 0);
        return switch (grade) {
            case WELL -> true;
            case NEW -> unproven < Math.max(1, size / 2);
            case FAILING -> failing < Math.max(1, size / 4) && unproven < Math.max(1, size / 2);
        };
    }

    /** A check of the server has ended. */
    void release(ServerShare share) {
        ServerQueue server = servers.get(share);
        if (server != null) {
            server.taken--;
            taken.merge(server.grade, -1, Integer::sum);
            share.checks(-1);
            dropIfEmpty(server);
        }
    }

    /** What is known of the server has changed. */
    void reviewed(ServerShare share) {
        ServerQueue server = servers.get(share);
        if (server != null && server.grade != share.grade()) {
            ready(server.grade).remove(server);
            taken.merge(server.grade, -server.taken, Integer::sum);
            server.grade = share.grade();
            taken.merge(server.grade, server.taken, Integer::sum);
        }
        if (server != null) {
            updateReady(server);
        }
    }

    private void dropIfEmpty(ServerQueue server) {
        updateReady(server);
        if (server.isEmpty() && server.taken == 0) {
            servers.remove(server.share);
        }
    }

    /** A server that is ready already keeps its place in the order. */
    private void updateReady(ServerQueue server) {
        if (!server.isEmpty() && server.taken < server.share.permits(size)) {
            ready(server.grade).add(server);
        } else {
            ready(server.grade).remove(server);
        }
    }
}
