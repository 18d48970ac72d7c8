package dev.mailbell.api.http;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.request.Json;
import io.javalin.http.Context;
import java.util.function.BiConsumer;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;

/** Writes JSON answers and problem documents. */
public final class Responses {
    static final String JSON = "application/json";

    private static final String WRITER = "mailbell.problem-writer";

    private Responses() {}

    /** Has the problems of this request written in another form than as documents. */
    public static void writeProblemsBy(Context context, BiConsumer<Context, Problem> writer) {
        context.attribute(WRITER, writer);
    }

    public static void json(Context context, int status, Object view) {
        context.status(status).contentType(JSON).result(Json.bytes(view));
    }

    public static void ok(Context context, Object view) {
        json(context, 200, view);
    }

    /**
     * Ends an answer that has begun and cannot be finished: closes the connection, so that the
     * client does not take what it has for the whole.
     */
    public static void breakOff(Context context) {
        ServletContextRequest.getServletContextRequest(context.req())
                .getConnectionMetaData()
                .getConnection()
                .getEndPoint()
                .close();
    }

    static void problem(Context context, Problem problem) {
        problem.headers().forEach(context::header);
        BiConsumer<Context, Problem> writer = context.attribute(WRITER);
        if (writer != null) {
            writer.accept(context, problem);
            return;
        }
        context.status(problem.status())
                .contentType(Problem.CONTENT_TYPE)
                .result(Json.bytes(problem.document()));
    }
}
