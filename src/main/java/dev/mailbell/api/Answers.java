package dev.mailbell.api;

import io.javalin.http.Context;

/** Writes answers. */
final class Answers {
    static final String JSON = "application/json";

    private Answers() {}

    static void json(Context context, int status, Object view) {
        context.status(status).contentType(JSON).result(Json.bytes(view));
    }

    static void ok(Context context, Object view) {
        json(context, 200, view);
    }

    static void problem(Context context, Problem problem) {
        problem.headers().forEach(context::header);
        context.status(problem.status())
                .contentType(Problem.CONTENT_TYPE)
                .result(Json.bytes(problem.document()));
    }
}
