package dev.mailbell.api.http;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.database.Database;
import dev.mailbell.database.Outage;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.routing.node.NodeUnavailableException;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.admission.NotWatchedException;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.BadMessageException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers every exception of a route with a problem document (RFC 9457). */
final class ErrorHandler {
    private static final Logger LOG = LoggerFactory.getLogger(ErrorHandler.class);

    private static final String BUSY =
            "the database is busy: a statement waited too long for others, or took too long";

    private static final LogThrottle THROTTLE = new LogThrottle(System::nanoTime);

    private ErrorHandler() {}

    static void install(RoutesConfig routes) {
        routes.exception(
                ProblemException.class, (e, context) -> Responses.problem(context, e.problem()));
        routes.exception(
                MailFailure.class,
                (e, context) ->
                        Responses.problem(
                                context,
                                Problem.mailFailure(e.code(), String.valueOf(e.getMessage()))));
        routes.exception(
                NoRoomException.class,
                (e, context) ->
                        Responses.problem(
                                context, Problem.unavailable(String.valueOf(e.getMessage()))));
        routes.exception(
                NodeUnavailableException.class,
                (e, context) ->
                        Responses.problem(
                                context,
                                Problem.unavailable(String.valueOf(e.getMessage()))
                                        .retryAfter(Duration.ofSeconds(1))));
        routes.exception(
                NotWatchedException.class,
                (e, context) ->
                        Responses.problem(
                                context,
                                Problem.conflict("not-watched", e.getMessage() + "; try again")));
        routes.exception(HttpResponseException.class, ErrorHandler::unrouted);
        routes.exception(UncheckedIOException.class, ErrorHandler::unread);
        routes.exception(BadMessageException.class, ErrorHandler::unread);
        routes.exception(Exception.class, ErrorHandler::unexpected);
    }

    /** Javalin's own refusals: unknown paths and methods, paths it cannot decode. */
    private static void unrouted(HttpResponseException e, Context context) {
        Responses.problem(context, ofStatus(e.getStatus(), context));
    }

    private static Problem ofStatus(int status, Context context) {
        return switch (status) {
            case 404 -> Problem.notFound("no such path; GET /openapi.yaml lists them all");
            case 405 -> {
                List<String> allowed = Routes.allowed(context);
                yield Problem.of(
                                405,
                                "method-not-allowed",
                                "This path does not have this method",
                                "allowed here: " + String.join(", ", allowed))
                        .withHeader("Allow", String.join(", ", allowed));
            }
            default ->
                    status >= 500
                            ? Problem.internal(UUID.randomUUID().toString())
                            : Problem.of(
                                    status,
                                    "malformed",
                                    "The request cannot be read",
                                    "the request is not valid HTTP");
        };
    }

    /** The request's body stopped arriving or was not valid HTTP. */
    private static void unread(RuntimeException e, Context context) {
        if (Database.isAway(e) || RequestDeadline.isOver(context)) {
            unexpected(e, context);
            return;
        }
        LOG.debug("A request's body did not arrive", e);
        Responses.problem(
                context,
                isTimeout(e)
                        ? Problem.tooSlow()
                        : Problem.malformed("the body did not arrive whole")
                                .withHeader("Connection", "close"));
    }

    private static boolean isTimeout(Throwable failure) {
        for (@Nullable Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof TimeoutException) {
                return true;
            }
        }
        return false;
    }

    private static void unexpected(Exception e, Context context) {
        if (RequestDeadline.isOver(context)) {
            logDeadline(e, context);
            Responses.problem(context, RequestDeadline.problem());
            return;
        }
        Optional<Outage> outage = Database.outageOf(e);
        if (outage.isPresent() || Database.isBusy(e)) {
            String why = outage.map(Outage::message).orElse(BUSY);
            logOutage(why, e, context);
            Responses.problem(context, Problem.unavailable(why + "; try again in a moment"));
            return;
        }
        if (Database.isUnstorable(e)) {
            Responses.problem(
                    context,
                    Problem.malformed(
                            "a text of the request has a character that cannot be stored, such as U+0000"));
            return;
        }
        if (Database.isReferenceGone(e)) {
            Responses.problem(
                    context,
                    Problem.conflict(
                            "changed-meanwhile",
                            "what the request names was removed meanwhile; try again"));
            return;
        }
        String id = UUID.randomUUID().toString();
        // Without a valid key one line per minute, so that such requests cannot fill the log.
        if (AccessFilter.isAuthenticated(context)
                || THROTTLE.admit("failed " + e.getClass()).isPresent()) {
            LOG.error(
                    "Request {} failed: {} {}", id, context.method(), Routes.template(context), e);
        }
        Responses.problem(context, Problem.internal(id));
    }

    private static void logDeadline(Exception interrupted, Context context) {
        if (THROTTLE.admit("deadline").isPresent()) {
            LOG.warn(
                    "{} {} took too long and was broken off",
                    context.method(),
                    Routes.template(context),
                    interrupted);
        }
    }

    private static void logOutage(String why, Exception failure, Context context) {
        OptionalLong suppressed = THROTTLE.admit("outage " + why);
        if (suppressed.isPresent()) {
            LOG.warn(
                    "{} {} and {} requests in the minutes before were answered with 503, {}: {}",
                    context.method(),
                    Routes.template(context),
                    suppressed.getAsLong(),
                    why,
                    Database.reason(failure));
        }
    }
}
