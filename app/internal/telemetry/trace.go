package telemetry

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// StartTracing exports spans with OTLP over HTTP, configured by the standard OTEL_… variables, and returns what sends
// the last ones. Without an endpoint nothing is recorded, and the function returned does nothing.
func StartTracing(ctx context.Context, enabled bool, version, slot string) (func(context.Context) error, error) {
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	if !enabled {
		return func(context.Context) error { return nil }, nil
	}
	client, err := newOTLPClient(os.Getenv)
	if err != nil {
		return nil, err
	}
	exporter, err := otlptrace.New(ctx, client)
	if err != nil {
		return nil, fmt.Errorf("starting the trace exporter: %w", err)
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "links"), attribute.String("service.version", version),
			attribute.String("slipway.slot", slot)),
		resource.WithFromEnv()) // last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win
	if err != nil {
		return nil, fmt.Errorf("describing the trace resource: %w", err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	otel.SetTracerProvider(provider)
	return provider.Shutdown, nil
}

// Adopt gives a context the caller's trace (W3C traceparent), or a new one: log lines of one request then share a
// trace id even where no spans are recorded.
func Adopt(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	ctx = otel.GetTextMapPropagator().Extract(ctx, carrier)
	if trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	var conf trace.SpanContextConfig
	for i := range conf.TraceID {
		conf.TraceID[i] = byte(rand.Uint32()) // #nosec G404 -- an identifier, no secret
	}
	for i := range conf.SpanID {
		conf.SpanID[i] = byte(rand.Uint32()) // #nosec G404 -- an identifier, no secret
	}
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(conf))
}
