package dev.mailbell.api.request;

import java.util.ArrayList;
import java.util.List;

/** Collects everything that is wrong with a request, so that it is told at once. */
public final class FieldErrors {
    private static final int MOST = 100;

    private final List<FieldError> found = new ArrayList<>();

    public void add(String field, String message) {
        // A body of a megabyte can hold a hundred thousand faults; nobody reads that many.
        if (found.size() < MOST) {
            found.add(new FieldError(field, message));
        }
    }

    public boolean isEmpty() {
        return found.isEmpty();
    }

    /**
     * @throws ProblemException 400 with all faults, when there are any
     */
    public void throwIfAny() {
        if (!found.isEmpty()) {
            throw new ProblemException(Problem.invalid(found));
        }
    }
}
