package dev.mailbell.api.admin;

import java.util.List;
import java.util.function.Supplier;

/**
 * Why the daemon is not ready, for people; empty when it is. Callers without a key see the texts,
 * so that no id, state or answer of a mail server is in them. They are there within a second.
 */
@FunctionalInterface
public interface ReadinessReasons extends Supplier<List<String>> {
    /** What is wrong but does not keep the daemon from its work. */
    default List<String> warnings() {
        return List.of();
    }
}
