package dev.mailbell.cli.mail;

import dev.mailbell.mail.Proof;
import dev.mailbell.mail.log.ProtocolLogLine;
import dev.mailbell.mail.probe.CertificateFacts;
import dev.mailbell.mail.probe.ProbeReport;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** A probe's report for people. */
final class ProbeText {
    private static final int FOLDERS_SHOWN = 20;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final PrintWriter out;
    private final ProbeReport report;

    ProbeText(PrintWriter out, ProbeReport report) {
        this.out = out;
        this.report = report;
    }

    /**
     * Prints the report.
     *
     * @param said the log; empty when it was printed already
     */
    void print(List<ProtocolLogLine> said) {
        if (!said.isEmpty()) {
            out.println("Transcript");
            said.forEach(line -> out.println("  " + line));
            out.println();
        }
        line(
                "Server",
                "%s %s:%d, %s"
                        .formatted(
                                report.protocol().toUpperCase(Locale.ROOT),
                                report.host(),
                                report.port(),
                                report.security()));
        line("Addresses", String.join(", ", report.addresses()));
        line(
                "Times",
                report.steps().stream()
                        .map(step ->
                                String.format(
                                        Locale.ROOT, "%s %.1f ms", step.name(), step.millis()))
                        .collect(Collectors.joining(", ")));
        tls();
        line("Greeting", report.greeting());
        line("Server is", report.serverId());
        line("Offered", String.join(" ", spaced(report.offered())));
        line("Capabilities", String.join(" ", spaced(report.capabilities())));
        line("Mechanisms", String.join(", ", report.mechanisms()));
        line(
                report.capabilities().isEmpty() && report.mailbox() == null
                        ? "Login would be"
                        : "Login by",
                String.join(", then ", report.loginBy()));
        mailbox();
        pop3();
        proofs();
        advice();
    }

    /** Capabilities of POP3 have blanks. */
    private List<String> spaced(List<String> words) {
        return report.protocol().equals("pop3") && !words.isEmpty()
                ? List.of(String.join(", ", words))
                : words;
    }

    private void tls() {
        ProbeReport.Tls tls = report.tls();
        if (tls == null) {
            return;
        }
        line("TLS", tls.version() + ", " + tls.cipher());
        line("Trusted", tls.trusted() ? "yes" : "NO: " + tls.reason());
        for (int i = 0; i < tls.chain().size(); i++) {
            CertificateFacts certificate = tls.chain().get(i);
            line(i == 0 ? "Certificate" : "  issued by", certificate.subject());
            if (i == 0) {
                line("  for", String.join(", ", certificate.names()));
                line("  key, pin", certificate.key() + ", " + certificate.pin());
            }
            line("  valid", certificate.validFrom() + " to " + certificate.validUntil());
        }
        if (!tls.chain().isEmpty()) {
            line("  issuer", tls.chain().getLast().issuer());
        }
    }

    private void mailbox() {
        if (report.folderCount() > 0) {
            int shown = Math.min(FOLDERS_SHOWN, report.folders().size());
            line(
                    "Folders",
                    report.folderCount()
                            + ": "
                            + String.join(", ", report.folders().subList(0, shown))
                            + (report.folderCount() > shown ? ", …" : ""));
        }
        ProbeReport.Mailbox mailbox = report.mailbox();
        if (mailbox != null) {
            line(
                    "Mailbox",
                    "%s, %d messages%s"
                            .formatted(
                                    mailbox.name(),
                                    mailbox.messages(),
                                    mailbox.uidValidity() == 0
                                            ? ""
                                            : ", UIDVALIDITY %d, UIDNEXT %d"
                                                    .formatted(
                                                            mailbox.uidValidity(),
                                                            mailbox.uidNext())));
        }
        if (report.protocol().equals("imap") && !report.offered().isEmpty()) {
            ProbeReport.Push push = report.push();
            line(
                    "Says unasked",
                    "IDLE %s, NOTIFY %s; LIST-STATUS %s, ID %s"
                            .formatted(
                                    yes(push.idle()),
                                    yes(push.notifies()),
                                    yes(push.listStatus()),
                                    yes(push.id())));
        }
    }

    private void pop3() {
        ProbeReport.Pop3 pop3 = report.pop3();
        if (pop3 != null) {
            line(
                    "Optional parts",
                    "CAPA %s, UIDL %s, TOP %s, PIPELINING %s, EXPIRE %s, LOGIN-DELAY %s"
                            .formatted(
                                    yes(pop3.capa()),
                                    yes(pop3.uidl()),
                                    yes(pop3.top()),
                                    yes(pop3.pipelining()),
                                    pop3.expire().isEmpty() ? "no" : pop3.expire(),
                                    pop3.loginDelaySeconds() == 0
                                            ? "no"
                                            : pop3.loginDelaySeconds() + " s"));
        }
    }

    private void proofs() {
        ProbeReport.Proofs proofs = report.proofs();
        if (proofs == null) {
            return;
        }
        line("Unchanged by", proofs.unchanged() + meaning(proofs.unchanged()));
        line("Counted by", proofs.counted() + meaning(proofs.counted()));
    }

    /** docs/detection.md has the whole ladder. */
    private static String meaning(String proof) {
        @Nullable String meaning =
                proof.isEmpty()
                        ? null
                        : switch (Proof.valueOf(proof.toUpperCase(Locale.ROOT))) {
                            case STATUS -> "one STATUS or EXAMINE: the best rung";
                            case ESEARCH -> "an extended search from the mark on: the best rung";
                            case SEARCH -> "a search from the mark on";
                            case FETCH_NEW -> "the UIDs from the mark on";
                            case FETCH_ALL -> "all UIDs of the mailbox: dear in large ones";
                            case IDENTITY -> "headers, since UIDs do not last: approximate";
                            case ENDS -> "number, size, first and last UID: the best rung";
                            case TAIL -> "UIDs and sizes behind the mark";
                            case LISTING -> "the whole list of UIDs, exact";
                            case HEADERS -> "headers, since UIDs do not last: approximate";
                            case SIZES -> "sizes, since there are no UIDs: approximate";
                        };
        return meaning == null ? "" : " (" + meaning + ")";
    }

    private void advice() {
        List<String> advice = new ArrayList<>(report.advice());
        if (!advice.isEmpty()) {
            out.println();
            advice.forEach(out::println);
        }
        if (!report.configuration().isEmpty()) {
            out.println();
            out.println("For the daemon's mailbell.yaml:");
            report.configuration().lines().forEach(text -> out.println("  " + text));
        }
        out.println();
        out.println("To register it (POST /v1/accounts), with the secret in place of …:");
        out.println("  " + JSON.writeValueAsString(report.registration()));
        out.flush();
    }

    private void line(String name, String value) {
        if (!value.isEmpty()) {
            out.printf("%-15s %s%n", name, value);
        }
    }

    private static String yes(boolean has) {
        return has ? "yes" : "no";
    }
}
