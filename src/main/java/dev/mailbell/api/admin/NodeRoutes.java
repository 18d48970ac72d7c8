package dev.mailbell.api.admin;

import dev.mailbell.api.http.ApiServer;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Body;
import dev.mailbell.routing.NodeServer;
import dev.mailbell.routing.NodeServer.Answer;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Optional;

/**
 * The route that other nodes of the cluster call. No API key opens it; a request is authenticated
 * by the keyset.
 */
public final class NodeRoutes {
    private static final String OCTETS = "application/octet-stream";

    private final NodeServer server;
    private final RequestLimits limits;

    public NodeRoutes(NodeServer server, RequestLimits limits) {
        this.server = server;
        this.limits = limits;
    }

    public void addTo(Routes routes) {
        routes.postWithoutKey(NodeServer.PATH, this::answer);
    }

    private void answer(Context context) {
        if (!server.isAcceptable(context::header)
                || context.req().getContentLengthLong() > NodeServer.MAX_REQUEST_BYTES) {
            throw refused(context);
        }
        byte[] body = Body.octets(context, OCTETS);
        switch (server.answer(context::header, body, () -> ApiServer.authenticated(context))) {
            case Answer.Sealed(byte[] sealed) -> context.contentType(OCTETS).result(sealed);
            case Answer.Refused() -> throw refused(context);
            case Answer.Busy() ->
                    throw new ProblemException(
                            Problem.unavailable("too many requests of nodes are under way"));
        }
    }

    /** Counts against the address, as a request without a valid key. */
    private ProblemException refused(Context context) {
        Optional<Duration> wait = limits.unauthenticated(context.req().getRemoteAddr());
        return new ProblemException(
                wait.map(Problem::tooManyRequests)
                        .orElseGet(() ->
                                Problem.of(
                                        403,
                                        "not-a-node",
                                        "This path is for nodes of the cluster",
                                        "the request is not one of another node for this one")));
    }
}
