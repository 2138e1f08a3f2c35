package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// alarmsCanFire holds the alarms of a planned stack against the limits beside them: each must be crossed before the limit is, at which
// the kernel kills the app, PostgreSQL refuses the role, or the disk is full.
func alarmsCanFire(t *testing.T, stack string, state *apitype.DeploymentV3) {
	t.Helper()
	app, task := memoryOf(t, stack, state)
	role := roleLimit(t, stack, state)
	disk := find(t, state, "aws:rds/instance:Instance", "links-"+stack+"-database").Inputs["allocatedStorage"].(float64) * (1 << 30)
	const collectorAtLeast = 16.0 // MiB
	for _, row := range []struct {
		alarm, metric string
		at            float64 // the metric when the limit is reached
		before        float64 // and when nobody need be told yet
	}{
		{"memory", "task", 100 * (app + collectorAtLeast) / task, 100 * (app/2 + 96) / task},
		{"database-connections", "m", role, role / 2},
		{"database-storage", "m", 0, disk / 10}, // RDS enlarges it at a tenth
	} {
		in := find(t, state, "aws:cloudwatch/metricAlarm:MetricAlarm", "links-"+stack+"-"+row.alarm).Inputs
		threshold := in["threshold"].(float64)
		if got := linear(t, in, row.metric, row.at); got <= threshold {
			t.Errorf("%s is %g at its limit and goes off above %g: it can't", row.alarm, got, threshold)
		}
		if got := linear(t, in, row.metric, row.before); got > threshold {
			t.Errorf("%s is %g when all is well and goes off above %g", row.alarm, got, threshold)
		}
	}
}

// memoryOf are the hard limit of the app's container and the size of its task, in MiB.
func memoryOf(t *testing.T, stack string, state *apitype.DeploymentV3) (app, task float64) {
	t.Helper()
	in := find(t, state, taskType, "links-"+stack+"-blue").Inputs
	var containers []struct {
		Name   string
		Memory float64
	}
	if err := json.Unmarshal([]byte(fmt.Sprint(in["containerDefinitions"])), &containers); err != nil {
		t.Fatal(err)
	}
	for _, c := range containers {
		if c.Name == "app" {
			app = c.Memory
		}
	}
	task, err := strconv.ParseFloat(fmt.Sprint(in["memory"]), 64)
	if err != nil || app == 0 {
		t.Fatalf("the app has %g MiB of a task with %v: %v", app, in["memory"], err)
	}
	return app, task
}

// roleLimit is how many connections the app's role may have.
func roleLimit(t *testing.T, stack string, state *apitype.DeploymentV3) float64 {
	t.Helper()
	in := find(t, state, taskType, "links-"+stack+"-blue").Inputs
	found := regexp.MustCompile(`"APP_CONNECTION_LIMIT","value":"(\d+)"`).FindStringSubmatch(fmt.Sprint(in["containerDefinitions"]))
	if found == nil {
		t.Fatal("dbinit is not told how many connections the role may have")
	}
	limit, _ := strconv.ParseFloat(found[1], 64)
	return limit
}

// linear calculates an alarm's expression of one metric: sums of products from left to right, as all are that are watched here.
func linear(t *testing.T, alarm map[string]any, metric string, value float64) float64 {
	t.Helper()
	var queries []struct{ ID, Expression string }
	if err := json.Unmarshal([]byte(text(t, alarm["metricQueries"])), &queries); err != nil {
		t.Fatal(err)
	}
	sum, sign, product, operator := 0.0, 1.0, 0.0, ""
	for _, word := range append(strings.Fields(queries[len(queries)-1].Expression), "+") {
		switch word {
		case "+", "-":
			sum, sign, operator = sum+sign*product, map[string]float64{"+": 1, "-": -1}[word], ""
			continue
		case "*", "/":
			operator = word
			continue
		}
		number, err := strconv.ParseFloat(word, 64)
		if word == metric {
			number, err = value, nil
		}
		if err != nil {
			t.Fatalf("%q is no number in %q", word, queries[len(queries)-1].Expression)
		}
		switch operator {
		case "*":
			product *= number
		case "/":
			product /= number
		default:
			product = number
		}
	}
	return sum
}
