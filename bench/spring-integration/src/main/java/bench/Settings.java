package bench;

import java.net.URI;
import java.util.List;

/** What the benchmark tells its candidates by the environment; bench/README.md lists it. */
record Settings(List<String> hosts, int port, boolean tls, int mailboxes, URI receiver) {

    static Settings read() {
        return new Settings(
                List.of(needed("BENCH_IMAP_HOSTS").split(",")),
                Integer.parseInt(needed("BENCH_IMAP_PORT")),
                Boolean.parseBoolean(System.getenv("BENCH_TLS")),
                Integer.parseInt(needed("BENCH_MAILBOXES")),
                URI.create(needed("BENCH_RECEIVER")));
    }

    String host(int mailbox) {
        return hosts.get(mailbox % hosts.size());
    }

    String user(int mailbox) {
        return "user" + mailbox + "@bench.local";
    }

    private static String needed(String name) {
        String value = System.getenv(name);
        if (value == null || value.isEmpty()) {
            System.err.println(name + " is not set: run this by bench/run, or see bench/README.md");
            System.exit(2);
        }
        return value;
    }
}
