package dev.mailbell.api.problem;

import java.util.ArrayList;
import java.util.List;

/** Collects the errors of a request, so that one answer reports them all. */
public final class FieldErrors {
    private static final int MAX_ERRORS = 100;

    private final List<FieldError> all = new ArrayList<>();

    public void add(String field, String message) {
        // A body of 1 MiB can hold a hundred thousand errors; the answer stays short.
        if (all.size() < MAX_ERRORS) {
            all.add(new FieldError(field, message));
        }
    }

    /** The errors so far, for a problem of another kind than {@code invalid}. */
    public List<FieldError> all() {
        return List.copyOf(all);
    }

    public boolean isEmpty() {
        return all.isEmpty();
    }

    /**
     * @throws ProblemException 400 with all errors, if there are any
     */
    public void throwIfAny() {
        if (!all.isEmpty()) {
            throw new ProblemException(Problem.invalid(all));
        }
    }
}
