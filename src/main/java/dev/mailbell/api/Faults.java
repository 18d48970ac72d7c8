package dev.mailbell.api;

import java.util.ArrayList;
import java.util.List;

/** Collects everything that is wrong with a request, so that it is told at once. */
final class Faults {
    private static final int MOST = 100;

    private final List<Fault> found = new ArrayList<>();

    void add(String field, String message) {
        // A body of a megabyte can hold a hundred thousand faults; nobody reads that many.
        if (found.size() < MOST) {
            found.add(new Fault(field, message));
        }
    }

    boolean isEmpty() {
        return found.isEmpty();
    }

    /**
     * @throws ProblemException 400 with all faults, when there are any
     */
    void throwIfAny() {
        if (!found.isEmpty()) {
            throw new ProblemException(Problem.invalid(found));
        }
    }
}
