package dev.mailbell.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All scenarios by name. */
final class Scenarios {
    private static final Map<String, Entry> ALL = new LinkedHashMap<>();

    private record Entry(String about, Scenario scenario) {}

    static {
        add(
                "push",
                "10,000 mailboxes idle, 10 mails/s for 60 s: latency, CPU, memory",
                new PushScenario(10, "≤ 2", "≤ 10"));
        add("push-burst", "the same with 200 mails/s", new PushScenario(200, "", "≤ 50"));
    }

    private Scenarios() {}

    private static void add(String name, String about, Scenario scenario) {
        ALL.put(name, new Entry(about, scenario));
    }

    static @Nullable Scenario of(String name) {
        Entry entry = ALL.get(name);
        return entry == null ? null : entry.scenario();
    }

    static String names() {
        return String.join(", ", ALL.keySet());
    }

    /** For the help. */
    static String describe() {
        StringBuilder lines = new StringBuilder();
        ALL.forEach(
                (name, entry) -> lines.append("        %-12s %s%n".formatted(name, entry.about())));
        return lines.toString();
    }
}
