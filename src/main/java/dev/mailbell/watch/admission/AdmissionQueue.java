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
 * The places of one kind of checks. Servers whose checks wait take turns, each has a share of the
 * places at most, and servers that fail or are new have a share of them all together. For one
 * thread at a time.
 */
final class AdmissionQueue {
    private final Map<ServerShare, Line> lines = new HashMap<>();

    /** Lines whose next check may run as far as its own server is concerned, by turns. */
    private final Map<Grade, SequencedSet<Line>> ready = new EnumMap<>(Grade.class);

    private final Map<Grade, Integer> taken = new EnumMap<>(Grade.class);
    private int size;
    private int waiting;
    private int nextGrade;

    /** The checks of one server. */
    private static final class Line {
        private final ServerShare share;
        private final SequencedSet<AdmissionRequest> first = new LinkedHashSet<>();
        private final SequencedSet<AdmissionRequest> retries = new LinkedHashSet<>();
        private Grade grade;
        private int taken;
        private boolean lastWasRetry;

        Line(ServerShare share) {
            this.share = share;
            this.grade = share.grade();
        }

        boolean isEmpty() {
            return first.isEmpty() && retries.isEmpty();
        }

        SequencedSet<AdmissionRequest> of(AdmissionRequest request) {
            return request.isRetry() ? retries : first;
        }

        /** Retries take turns with the others, but do not probe while others can. */
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

    /** Places that are left over are given up as checks end. */
    void resize(int now) {
        size = now;
        lines.values().forEach(this::sort);
    }

    int taken() {
        return taken.values().stream().mapToInt(Integer::intValue).sum();
    }

    int waiting() {
        return waiting;
    }

    int waiting(ServerShare share) {
        Line line = lines.get(share);
        return line == null ? 0 : line.first.size() + line.retries.size();
    }

    void add(AdmissionRequest request, ServerShare share) {
        Line line = lines.computeIfAbsent(share, Line::new);
        if (line.of(request).add(request)) {
            waiting++;
            share.checks(1);
        }
        sort(line);
    }

    void remove(AdmissionRequest request, ServerShare share) {
        Line line = lines.get(share);
        if (line != null && line.of(request).remove(request)) {
            left(line);
            settle(line);
        }
    }

    private void left(Line line) {
        waiting--;
        line.share.checks(-1);
    }

    /** Takes the requests out that the condition holds for. */
    List<AdmissionRequest> removeIf(ServerShare share, Predicate<AdmissionRequest> condition) {
        Line line = lines.get(share);
        if (line == null) {
            return List.of();
        }
        List<AdmissionRequest> removed = new ArrayList<>();
        for (SequencedSet<AdmissionRequest> requests : List.of(line.first, line.retries)) {
            for (AdmissionRequest request : List.copyOf(requests)) {
                if (condition.test(request)) {
                    requests.remove(request);
                    removed.add(request);
                    left(line);
                }
            }
        }
        settle(line);
        return removed;
    }

    /** Takes a place for the request whose turn it is. */
    Optional<AdmissionRequest> next() {
        Grade[] grades = Grade.values();
        for (int i = 0; i < grades.length && taken() < size; i++) {
            Grade grade = grades[(nextGrade + i) % grades.length];
            SequencedSet<Line> of = queue(grade);
            if (!of.isEmpty() && hasRoom(grade)) {
                nextGrade = grade.ordinal() + 1;
                Line line = of.removeFirst();
                AdmissionRequest request = line.poll();
                waiting--;
                line.taken++;
                taken.merge(line.grade, 1, Integer::sum);
                sort(line);
                return Optional.of(request);
            }
        }
        return Optional.empty();
    }

    private SequencedSet<Line> queue(Grade grade) {
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
        Line line = lines.get(share);
        if (line != null) {
            line.taken--;
            taken.merge(line.grade, -1, Integer::sum);
            share.checks(-1);
            settle(line);
        }
    }

    /** What is known of the server has changed. */
    void reviewed(ServerShare share) {
        Line line = lines.get(share);
        if (line != null && line.grade != share.grade()) {
            queue(line.grade).remove(line);
            taken.merge(line.grade, -line.taken, Integer::sum);
            line.grade = share.grade();
            taken.merge(line.grade, line.taken, Integer::sum);
        }
        if (line != null) {
            sort(line);
        }
    }

    private void settle(Line line) {
        sort(line);
        if (line.isEmpty() && line.taken == 0) {
            lines.remove(line.share);
        }
    }

    /** Keeps its turn when it is among those that are ready already. */
    private void sort(Line line) {
        if (!line.isEmpty() && line.taken < line.share.share(size)) {
            queue(line.grade).add(line);
        } else {
            queue(line.grade).remove(line);
        }
    }
}
