package dev.mailbell.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All scenarios by name. */
final class Scenarios {
    private static final Map<String, Entry> ALL = new LinkedHashMap<>();

    private record Entry(String about, Scenario scenario) {}

    static {
        Scenario push = new PushScenario(10, "≤ 2", "≤ 10");
        add("push", "10,000 mailboxes idle, 10 mails/s: latency, CPU and memory", push);
        add("push-burst", "the same at 200 mails/s", new PushScenario(200, "", "≤ 50"));
        add(
                "memory",
                "the same as push; of its figures the memory",
                new SelectedFigures(push, name -> name.startsWith("memory")));
        add(
                "cpu",
                "the same as push; of its figures the CPU",
                new SelectedFigures(
                        push, name -> name.contains("CPU") || name.startsWith("of it")));
        add("ramp", "a start with 10,000 accounts: time until all idle", new RampScenario());
        add(
                "poll-keep",
                "IMAP checks that find nothing, never IDLE: how many a second",
                new PollScenario(false, 18_000, "≥ 15,000", ""));
        add(
                "poll-pop3",
                "POP3 checks that find nothing among 10,000 messages",
                new PollScenario(true, 6_000, "≥ 4,000", "≥ 1,000"));
        add(
                "accounts",
                "100,000 accounts, a check each 5 minutes: start, heap, punctuality",
                new AccountsScenario(100_000, true, "≤ 15", "≤ 400"));
        add(
                "accounts-1m",
                "1,000,000 accounts that wait: start and memory",
                new AccountsScenario(1_000_000, false, "≤ 60", "≤ 3,000"));
        add(
                "soak",
                "2,000 mailboxes idle and 2,000 polled, with drops and stalls: leaks and counts",
                new SoakScenario());
        add("quiet", "10,000 mailboxes without mail: what PostgreSQL writes", new QuietScenario());
        add("start", "serve on existing data until it is ready", new StartScenario());
        add(
                "register",
                "50,000 accounts by batches over four connections: accounts a second",
                new RegisterScenario());
        add(
                "deliver",
                "1,000 webhooks receive every mail: deliveries a second",
                new DeliverScenario());
        add(
                "deliver-one",
                "one webhook with a long backlog: deliveries a second",
                new DeliverOneScenario());
        add("drain", "1,000,000 pending deliveries over 1,000 webhooks", new DrainScenario());
        add(
                "dead",
                "1,000 dead webhooks want every mail of a healthy one: its latency",
                new DeadScenario());
        add(
                "isolation",
                "a mail server with 240 kept sessions falls silent: latency of pushed mail",
                new IsolationScenario());
        add(
                "flood",
                "mailboxes with a mail every 4 ms: latency of the others",
                new FloodScenario());
        add(
                "hostile",
                "300 hostile mail servers of 16 kinds: latency of other mail",
                new HostileScenario());
        add(
                "clients",
                "a client with 1,000 hostile mail servers and 1,000 dead webhooks: another one's latency",
                new ClientsScenario());
        add(
                "cluster-sim",
                "200 nodes and 10,000,000 accounts simulated: what joins and deaths move",
                new ClusterSimScenario());
        add(
                "cluster-kill",
                "3 nodes, 3,000 mailboxes idle, 50 mails/s: one node is killed",
                new ClusterKillScenario());
        add(
                "cluster-roll",
                "the same: each node is stopped and started in turn",
                new ClusterRollScenario());
        add(
                "cluster-idle",
                "3 nodes, 10,000 mailboxes without mail: rows written",
                new ClusterIdleScenario());
        add(
                "cluster-fence",
                "one of 3 nodes is frozen, then cut off from PostgreSQL: what it still does",
                new ClusterFenceScenario());
        add("sick", "half of 100 webhooks hang or cut: latency of the others", new SickScenario());
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
                (name, entry) -> lines.append("        %-13s %s%n".formatted(name, entry.about())));
        return lines.toString();
    }
}
