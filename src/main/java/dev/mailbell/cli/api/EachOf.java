package dev.mailbell.cli.api;

import dev.mailbell.cli.terminal.Printable;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.Consumer;

/** Does the same with each of several things, and goes on where one of them fails. */
public final class EachOf {
    private EachOf() {}

    /**
     * @return 0, the exit code of the only one, or that of a partial failure
     */
    public static int run(List<String> names, PrintWriter err, Consumer<String> action) {
        if (names.size() == 1) {
            action.accept(names.getFirst());
            return ExitCodes.DONE;
        }
        int failed = 0;
        int exitCode = ExitCodes.DONE;
        for (String name : names) {
            try {
                action.accept(name);
            } catch (ApiFailure e) {
                if (e.exitCode() == ExitCodes.UNREACHABLE) {
                    throw e;
                }
                failed++;
                exitCode = e.exitCode();
                err.println("mailbell: " + Printable.of(name) + ": " + e.reason());
                err.flush();
            }
        }
        return failed == 0 || failed == names.size() ? exitCode : ExitCodes.PARTLY;
    }
}
