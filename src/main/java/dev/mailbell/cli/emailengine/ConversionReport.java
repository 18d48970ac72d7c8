package dev.mailbell.cli.emailengine;

import dev.mailbell.cli.emailengine.Converted.Carried;
import dev.mailbell.cli.terminal.Printable;
import java.io.PrintWriter;

/** Prints what became of imported accounts: a line for each that needs a look, then the counts. */
final class ConversionReport {
    private final PrintWriter out;
    private String done = "carried";
    private long added;
    private long present;
    private long refused;
    private long noted;

    ConversionReport(PrintWriter out) {
        this.out = out;
    }

    void refused(String ref, String reason) {
        refused++;
        line("not carried", ref, reason);
    }

    /**
     * @param what the word for an account that the target has taken
     */
    Destination.Answers as(String what) {
        done = what;
        return new Destination.Answers() {
            @Override
            public void added(Carried account) {
                added++;
                if (!account.notes().isEmpty()) {
                    noted++;
                }
                account.notes().forEach(note -> line("note", account.ref(), note));
            }

            @Override
            public void present(Carried account) {
                present++;
            }

            @Override
            public void refused(Carried account, String reason) {
                ConversionReport.this.refused(account.ref(), reason);
            }
        };
    }

    private void line(String kind, String ref, String text) {
        out.println("%-12s %s: %s".formatted(kind, Printable.of(ref), text));
    }

    long notCarried() {
        return refused;
    }

    void end() {
        out.println(
                "%d accounts: %d %s%s%s, %d not carried."
                        .formatted(
                                added + present + refused,
                                added,
                                done,
                                noted == 0 ? "" : " (" + noted + " with notes)",
                                present == 0 ? "" : ", " + present + " there already",
                                refused));
        if (added > 0) {
            out.println(
                    "Webhooks of all accounts are settings of EmailEngine and not in an export: make"
                            + " each of them here by mailbell webhooks add URL.");
        }
        out.flush();
    }
}
