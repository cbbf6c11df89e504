// Generated from openapi.json by generate.mjs. Change nothing here: `npm run types` writes it anew.

export const FORMS = {
  "Batch": {
    "needed": {
      "results": "array"
    },
    "absent": {}
  },
  "Chunk": {
    "needed": {
      "text": "string"
    },
    "absent": {
      "confidence": null,
      "logprobs": null
    }
  },
  "Completion": {
    "needed": {
      "generated_code": "string",
      "completion": "string",
      "model_used": "string",
      "confidence": "number",
      "processing_time": "number",
      "finish_reason": "string"
    },
    "absent": {
      "alternatives": [],
      "calibrated": false,
      "fallback": [],
      "guard": {
        "action": "off",
        "dropped": 0,
        "reasons": [],
        "undefined": [],
        "unknown": []
      },
      "id": "",
      "sources": [],
      "tokens": {
        "completion": 0,
        "prompt": 0
      }
    }
  },
  "ErrorBody": {
    "needed": {
      "error": "string",
      "message": "string"
    },
    "absent": {
      "details": {}
    }
  },
  "Explanation": {
    "needed": {
      "explanation": "string",
      "model_used": "string",
      "processing_time": "number",
      "finish_reason": "string"
    },
    "absent": {
      "calibrated": false,
      "confidence": 0,
      "facts": [],
      "fallback": [],
      "tokens": {
        "completion": 0,
        "prompt": 0
      }
    }
  },
  "Health": {
    "needed": {
      "status": "string",
      "model_status": "object",
      "timestamp": "string"
    },
    "absent": {
      "backends": {},
      "model_details": {},
      "version": ""
    }
  },
  "Probe": {
    "needed": {
      "status": "string"
    },
    "absent": {}
  },
  "Stats": {
    "needed": {
      "total_requests": "number",
      "successful_requests": "number",
      "average_response_time": "number",
      "model_usage": "object"
    },
    "absent": {
      "errors": {},
      "fallbacks": 0,
      "feedback": {},
      "latency": {},
      "loop_lag": 0,
      "loop_lags": {},
      "tokens_generated": 0,
      "uptime": 0
    }
  }
} as const;

export const DATA = [
  "backends",
  "details",
  "errors",
  "features",
  "feedback",
  "latency",
  "loop_lags",
  "model_details",
  "model_status",
  "model_usage"
] as const;
