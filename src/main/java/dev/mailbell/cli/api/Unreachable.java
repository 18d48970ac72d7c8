package dev.mailbell.cli.api;

import dev.mailbell.cli.terminal.Printable;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Why an API could not be reached, and what to look at. */
final class Unreachable {
    private Unreachable() {}

    static ApiFailure tooSlow(Target target, Throwable cause) {
        return new ApiFailure(
                ExitCodes.UNREACHABLE,
                "%s did not answer within %d s: is it overloaded? --timeout allows more"
                        .formatted(target.url(), Math.max(1, target.timeout().toSeconds())),
                cause);
    }

    static ApiFailure of(Throwable failure, Target target) {
        if (failure instanceof HttpTimeoutException
                && !(failure instanceof HttpConnectTimeoutException)) {
            return tooSlow(target, failure);
        }
        return new ApiFailure(
                ExitCodes.UNREACHABLE, target.url() + " " + explained(failure, target), failure);
    }

    private static String explained(Throwable failure, Target target) {
        if (has(failure, UnresolvedAddressException.class)) {
            return "cannot be reached: there is no host of this name; look at --url or MAILBELL_URL";
        }
        if (failure instanceof HttpConnectTimeoutException) {
            return "cannot be reached: nothing answers there; is a firewall in between?";
        }
        if (failure instanceof ConnectException) {
            return "cannot be reached (connection refused): does the daemon run there? Start it with"
                    + " mailbell serve, or name another URL with --url or MAILBELL_URL";
        }
        if (failure instanceof SSLException) {
            return "is not trusted or speaks no TLS ("
                    + Printable.of(String.valueOf(failure.getMessage()))
                    + "): name the certificate of its authority with --cacert, or use http:// where it"
                    + " speaks clear text";
        }
        return "broke off ("
                + Printable.of(String.valueOf(failure.getMessage()))
                + "): "
                + (target.url().getScheme().equals("http")
                        ? "is the daemon stopping, or is it https:// there?"
                        : "is the daemon stopping?");
    }

    private static boolean has(Throwable failure, Class<? extends Throwable> kind) {
        @Nullable Throwable each = failure;
        for (int depth = 0; each != null && depth < 10; depth++, each = each.getCause()) {
            if (kind.isInstance(each)) {
                return true;
            }
        }
        return false;
    }
}
